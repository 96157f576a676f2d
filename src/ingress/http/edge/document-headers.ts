import { WAIT_AT_MOST } from '../asking/prefer.ts'
import type { Answer, OpenApi, Operation } from './document-shape.ts'

/**
 * Describes the headers that operations read and answer with. What an operation does follows from its method and
 * answers, so that this is said here once; what a route says of a header by itself stays.
 */
export function withHeaders<Document extends OpenApi>(document: Document): Document {
  for (const [path, operations] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(operations))
      describeHeaders({ ...operation, path, method }, operation)

  const parameters = mapped(read, (name, { description, schema }) => ({
    in: 'header',
    name,
    description,
    schema,
  }))
  const headers = mapped(answered, (_name, { description, schema }) => ({ description, schema }))
  return { ...document, components: { ...document.components, parameters, headers } }
}

function describeHeaders(it: Described, operation: Operation): void {
  const own = new Set(
    it.parameters?.map((each) => ('name' in each && each.in === 'header' ? each.name.toLowerCase() : '')),
  )
  const added = Object.entries(read).flatMap(([name, { isOf }]) =>
    isOf(it) && !own.has(name.toLowerCase()) ? [{ $ref: `#/components/parameters/${name}` }] : [],
  )
  if (added.length > 0) operation.parameters = [...(it.parameters ?? []), ...added]

  for (const [status, answer] of Object.entries(operation.responses)) {
    const names = Object.keys(answered).filter((name) => answered[name]?.isOf(it, status))
    const refs = names.map((name) => [name, { $ref: `#/components/headers/${name}` }])
    answer.headers = { ...Object.fromEntries(refs), ...answer.headers }
  }
}

interface Described extends Operation {
  path: string
  method: string
}

interface Header<Of extends unknown[]> {
  description: string
  schema: object
  isOf: (...of: Of) => boolean
}

const text = { type: 'string' }

/** No schema demands one of them: who sends none of it is answered as well, or refused with a sentence. */
const read: Record<string, Header<[Described]>> = {
  'Idempotency-Key': {
    description:
      "With it the same caller's same request makes nothing twice. 422 when the key came with another request before.",
    schema: { ...text, minLength: 1, maxLength: 255 },
    isOf: (it) => asksForJob(it) || makesSomething(it),
  },
  Prefer: {
    description: `\`wait=N\` waits up to N seconds (at most ${WAIT_AT_MOST}) for the result.`,
    schema: { ...text, examples: ['wait=10'] },
    isOf: (it) => asksForJob(it),
  },
  'If-None-Match': {
    description: 'The ETag of what the caller has: 304 when nothing has changed since.',
    schema: text,
    isOf: ({ responses }) => '304' in responses,
  },
  'Last-Event-ID': {
    description: 'The id of the last event the caller got: the stream goes on after it.',
    schema: text,
    isOf: ({ responses }) => responses['200']?.content?.['text/event-stream'] !== undefined,
  },
  'X-Millrace-Operator': {
    description:
      'With any value: the operator means it. Needed of operators, except from pages of this server (`Sec-Fetch-Site: same-origin`).',
    schema: text,
    isOf: ({ method, security }) =>
      method !== 'get' && security?.some((scheme) => 'operator' in scheme) === true,
  },
}

const answered: Record<string, Header<[Described, string]>> = {
  'X-Request-Id': {
    description: 'By which the request is found again in the log.',
    schema: text,
    isOf: () => true,
  },
  'X-Trace-Id': {
    description: 'By which all that follows from the request is found again.',
    schema: text,
    isOf: () => true,
  },
  Location: {
    description:
      'Where to look: for a job its receipt, otherwise what was made or asked for, if it has an address.',
    schema: { ...text, format: 'uri-reference' },
    isOf: (it, status) => ['201', '302'].includes(status) || (status === '202' && promisesJob(it)),
  },
  ETag: {
    description: 'Of what is answered, for If-None-Match. Where there is nothing yet, there is none.',
    schema: text,
    isOf: ({ responses }, status) => ['200', '304'].includes(status) && '304' in responses,
  },
  'Preference-Applied': {
    description: 'The `Prefer` that was heeded, if there was one.',
    schema: { ...text, examples: ['wait=10'] },
    isOf: (it, status) => ['200', '202'].includes(status) && asksForJob(it),
  },
  'Retry-After': {
    description: 'Seconds after which to try again.',
    schema: { type: 'integer' },
    isOf: (_it, status) => ['429', '503'].includes(status),
  },
  'WWW-Authenticate': {
    description: 'What the caller may try instead.',
    schema: text,
    isOf: (_it, status) => status === '401',
  },
}

/** Answers the asking with a receipt. A DELETE may as well, of the job at its own address. */
const promisesJob = ({ method, responses }: Described): boolean =>
  method === 'post' && isReceipt(responses['202'])

/** An operator steers a job that somebody has asked for. */
const asksForJob = (it: Described): boolean => promisesJob(it) && !it.path.startsWith('/operators/')

/** 201 says so; these make something too, or find it, and answer 200. */
const makesSomething = ({ method, path, responses }: Described): boolean =>
  (method === 'post' && '201' in responses) || makers.has(`${method} ${path}`)

const makers = new Set([
  'post /iep/profile/children',
  'post /iep/signed-url-knowledge',
  'get /prework/api/media',
])

function isReceipt(answer: Answer | undefined): boolean {
  const schema = answer?.content?.['application/json']?.schema
  return schema !== undefined && '$ref' in schema && schema.$ref === '#/components/schemas/Receipt'
}

const mapped = <From, To>(from: Record<string, From>, to: (name: string, value: From) => To) =>
  Object.fromEntries(Object.entries(from).map(([name, value]) => [name, to(name, value)]))
