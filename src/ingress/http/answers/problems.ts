import type { FastifyError } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { InvalidAsk } from '../../../jobs/accept.ts'
import { isGivenUp, isOutage } from '../../../shared/database.ts'
import { Unavailable } from '../../../shared/errors.ts'
import { isRedisAway } from '../../../shared/redis.ts'
import { missing } from '../../../shared/text.ts'

export interface ProblemDetails {
  /** The field of the body, query or path that is wrong. */
  field?: string
  headers?: Record<string, string>
}

/** An answer that is not what the caller hoped for. `code` is stable; the message is for people. */
export class HttpProblem extends Error {
  override name = 'HttpProblem'
  readonly status: number
  readonly code: string
  readonly field: string | undefined
  readonly headers: Record<string, string>

  constructor(status: number, code: string, message: string, details: ProblemDetails = {}) {
    super(message)
    this.status = status
    this.code = code
    this.field = details.field
    this.headers = details.headers ?? {}
  }
}

export const notFound = (what: string): HttpProblem =>
  new HttpProblem(404, 'not-found', `There is no such ${what}.`)

export const forbidden = (message: string): HttpProblem => new HttpProblem(403, 'forbidden', message)

export const invalidField = (field: string, message: string): HttpProblem =>
  new HttpProblem(400, 'invalid-field', `${field}: ${message}`, { field })

export const unavailable = (message: string, retryAfterSeconds = 2): HttpProblem =>
  new HttpProblem(503, 'unavailable', message, {
    headers: { 'retry-after': String(Math.ceil(retryAfterSeconds)) },
  })

/** What is said about any error. Only what was meant for callers is repeated to them; nothing else leaves the process. */
export function problemOf(
  error: unknown,
  input: { body?: unknown; query?: unknown; params?: unknown },
): HttpProblem {
  if (error instanceof HttpProblem) return error
  if (hasZodFastifySchemaValidationErrors(error)) return ofValidation(error, input)
  if (error instanceof InvalidAsk)
    return invalidField(error.field, error.message.slice(error.field.length + 2))
  if (error instanceof Unavailable) return unavailable(error.message, error.retryAfterSeconds)
  const status = error instanceof Error ? (error as FastifyError).statusCode : undefined
  if (status !== undefined && status >= 400 && status < 500)
    return ofFramework(status, (error as FastifyError).code)
  if (isRedisAway(error)) return unavailable('Redis is away. Please try again.')
  if (isOutage(error)) return unavailable('The database is away. Please try again.')
  if (isGivenUp(error)) return unavailable('The database was held up. Please try again.')
  return new HttpProblem(500, 'internal', 'Something went wrong here. It has been noted.')
}

interface Validation {
  validation: { keyword: string; instancePath: string; message?: string; params: Record<string, unknown> }[]
  validationContext?: string
}

/** The first fault is told: one sentence that names the field. */
function ofValidation(
  error: object,
  input: { body?: unknown; query?: unknown; params?: unknown },
): HttpProblem {
  const { validation, validationContext } = error as Validation
  const [issue] = validation
  const where = { body: input.body, querystring: input.query, params: input.params }[
    validationContext ?? 'body'
  ]
  const path = (issue?.instancePath ?? '/').slice(1)
  const segments = path === '' ? [] : path.split('/')
  const [unknownKey] = (issue?.keyword === 'unrecognized_keys' && (issue.params['keys'] as string[])) || []
  const field =
    shortened([...segments, ...(unknownKey === undefined ? [] : [unknownKey])].join('.')) ||
    (validationContext ?? 'body')
  if (unknownKey !== undefined)
    return new HttpProblem(400, 'unknown-field', `Unknown field: ${field}`, { field })
  const isMissing =
    issue?.message === missing || (issue?.keyword === 'invalid_type' && !isThere(where, segments))
  if (isMissing && segments.length > 0)
    return new HttpProblem(400, 'missing-field', `Missing required field: ${field}`, { field })
  if (segments.length === 0 && field === 'body')
    return new HttpProblem(400, 'invalid-body', 'The body must be a JSON object.', { field })
  return invalidField(field, issue?.message ?? 'is not valid')
}

function isThere(value: unknown, path: string[]): boolean {
  let here = value
  for (const segment of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, segment)) return false
    here = (here as Record<string, unknown>)[segment]
  }
  return here !== undefined
}

const shortened = (text: string): string => (text.length > 100 ? `${text.slice(0, 100)}…` : text)

/** The framework's own refusals, in our words: its messages repeat what they were given. */
function ofFramework(status: number, code: string): HttpProblem {
  const [ours, message] = framework[code] ??
    byStatus[status] ?? ['bad-request', 'The request could not be understood.']
  return new HttpProblem(status, ours, message)
}

const framework: Record<string, [string, string]> = {
  FST_ERR_CTP_INVALID_JSON_BODY: ['invalid-json', 'The body is not valid JSON.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    'invalid-length',
    'The body does not have the length its header says.',
  ],
  FST_ERR_BAD_URL: ['invalid-url', 'The address is not a valid one.'],
}

const byStatus: Record<number, [string, string]> = {
  413: ['too-large', 'The body is too large.'],
  414: ['invalid-url', 'The address is too long.'],
  415: ['unsupported-media-type', 'The body must be JSON, in UTF-8.'],
  429: ['too-many-requests', 'Too many requests. Please slow down.'],
}
