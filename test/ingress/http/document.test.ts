import { beforeAll, expect, test } from 'vitest'
import type { Answer, Components, OpenApi, Operation } from '../../../src/ingress/http/edge/document-shape.ts'
import { withoutUnused } from '../../../src/ingress/http/edge/document-components.ts'
import { ada, basic, startWeb, withKey } from './web.ts'

type Named = Operation & { name: string; path: string; method: string }

let document: OpenApi & { security: object[] }
let operations: Named[]

beforeAll(async () => {
  await using web = await startWeb()
  document = (await web.app.inject('/openapi.json')).json()
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) =>
      Object.assign(operation, { name: `${method} ${path}`, path, method }),
    ),
  )
})

test('there are operations', () => {
  expect(operations.length).toBeGreaterThan(80)
})

test('every operation says what it answers when all goes well', () => {
  const silent = operations.filter(({ responses }) => {
    const good = Object.entries(responses).filter(([status]) => /^[23]\d\d$/.test(status))
    return good.length === 0 || good.some(([status, answer]) => !bodiless.has(status) && !hasBody(answer))
  })
  expect(names(silent)).toEqual([])
})

test('every reference leads somewhere, and to every component there is a reference', () => {
  const refs = new Set(refsIn(document))
  const components = Object.entries(document.components)
    .filter(([kind]) => kind !== 'securitySchemes')
    .flatMap(([kind, named]) => Object.keys(named).map((name) => `#/components/${kind}/${name}`))
  expect([...refs].sort()).toEqual(components.sort())

  const reached = new Set<string>()
  const follow = (from: unknown): void => {
    for (const ref of refsIn(from)) {
      if (reached.has(ref)) continue
      reached.add(ref)
      follow(resolved(document.components, ref))
    }
  }
  follow(document.paths)
  expect(components.filter((ref) => !reached.has(ref))).toEqual([])
})

test('a component that only another one refers to stays, unless that one goes too', () => {
  const refer = (name: string) => ({ items: { $ref: `#/components/schemas/${name}` } })
  const paths = {
    '/': { get: { responses: { 200: { content: { 'application/json': { schema: refer('Ada') } } } } } },
  }
  const schemas = { Ada: refer('Grace'), Grace: refer('Ada'), Linus: refer('Barbara'), Barbara: {} }
  const kept = withoutUnused({ paths, components: { schemas } })
  expect(Object.keys(kept.components['schemas'] ?? {})).toEqual(['Ada', 'Grace'])
})

test('who may call is said: operators their own way, health checks anybody, and of the rest callers of the product', () => {
  expect(document.security).toEqual([{ token: [] }, { key: [] }])

  const saying = Object.fromEntries(
    operations
      .filter(({ security, path }) => security && !path.startsWith('/operators/'))
      .map(({ name, security }) => [name, security]),
  )
  expect(saying).toEqual({
    'get /livez': [],
    'get /readyz': [],
    'get /metrics': [{ operator: [] }, {}],
    'get /jobs/{id}': [{ token: [] }, { key: [] }, {}],
    'get /jobs/{id}/events': [{ token: [] }, { key: [] }, {}],
    'get /lockin/avatars/{avatarId}.webp': [],
    'post /lockin/api/maintenance/archive-expired-groups': [{ operator: [] }, { key: [] }],
  })
  const operators = operations.filter(({ path }) => path.startsWith('/operators/'))
  expect(operators.length).toBeGreaterThan(0)
  for (const { security, name } of operators) expect(security, name).toEqual([{ operator: [] }])
})

test('what is open to anybody with a link says where the signature goes, and nothing else takes one', () => {
  const takers = operations.filter((it) =>
    it.parameters?.some((each) => 'name' in each && each.in === 'query' && each.name === 'sig'),
  )
  expect(names(takers)).toEqual(['get /jobs/{id}', 'get /jobs/{id}/events'])
})

test('headers that are read are described where they are read', () => {
  const made = operations.filter(({ method, responses }) => method === 'post' && responses['201'])
  const asked = ['post /anki/users', 'post /lockin/api/maintenance/archive-expired-groups']
  const steered = ['cancel', 'redrive', 'undo'].map((verb) => `post /operators/jobs/{id}:${verb}`)
  const listening = operations.filter(({ responses }) => responses['200']?.content?.['text/event-stream'])

  expect(names(readersOf('Prefer'))).toEqual(asked)
  expect(names(readersOf('Idempotency-Key'))).toEqual(
    [
      ...asked,
      ...names(made),
      'post /iep/profile/children',
      'post /iep/signed-url-knowledge',
      'get /prework/api/media',
    ].sort(),
  )
  expect(names(readersOf('X-Millrace-Operator'))).toEqual([asked[1], ...steered])
  expect(names(readersOf('Last-Event-ID'))).toEqual(names(listening))
  expect(names(listening)).toHaveLength(3)
  expect(names(readersOf('If-None-Match'))).toEqual(
    names(operations.filter(({ responses }) => responses['304'])),
  )
  expect(names(readersOf('If-None-Match'))).toContain('get /jobs/{id}')
})

test('headers that are answered are described where they are answered', () => {
  const without = (name: string, of: (status: string, operation: Named) => boolean): string[] =>
    operations.flatMap((operation) =>
      Object.entries(operation.responses)
        .filter(([status, answer]) => of(status, operation) && !answer.headers?.[name])
        .map(([status]) => `${operation.name} ${status}`),
    )

  expect(without('X-Request-Id', () => true)).toEqual([])
  expect(without('Retry-After', (status) => ['429', '503'].includes(status))).toEqual([])
  expect(without('WWW-Authenticate', (status) => status === '401')).toEqual([])
  expect(without('Location', (status) => status === '302')).toEqual([])
  // The receipt of a job is at the address that was called already, and IEP answers with no receipt.
  expect(without('Location', (status) => status === '202')).toEqual([
    'post /iep/profile/children/{childId}/documents:reprocess 202',
    'delete /jobs/{id} 202',
  ])
  expect(without('ETag', (status, { responses }) => '304' in responses && /^[23]/.test(status))).toEqual([])
  expect(
    without('Preference-Applied', (status, { name }) =>
      ['200', '202'].includes(status) ? names(readersOf('Prefer')).includes(name) : false,
    ),
  ).toEqual([])
})

test('who has to sign in may be told so, and everybody but health checks to slow down', () => {
  const lacking = (status: string) => names(operations.filter(({ responses }) => !responses[status]))
  expect(lacking('401')).toEqual(['get /livez', 'get /lockin/avatars/{avatarId}.webp', 'get /readyz'])
  expect(lacking('429')).toEqual(['get /livez', 'get /readyz'])
  expect(lacking('503')).toEqual([])
  expect(lacking('4XX')).toEqual([])
})

test('readiness has the same shape whether ready or not', () => {
  const { responses } = operationOf('get /readyz')
  expect(propertiesOf(responses['200'])).toEqual(['postgres', 'ready', 'redis'])
  expect(propertiesOf(responses['503'])).toEqual(['postgres', 'ready', 'redis'])
})

test('what is said of the operators’ and health routes is what they answer', async () => {
  await using web = await startWeb()
  const asked = await web.app.inject({
    method: 'POST',
    url: '/anki/users',
    headers: { ...withKey('anki'), prefer: 'wait=0' },
    payload: ada.body,
  })
  const { id } = asked.json()
  const steered = await web.app.inject({
    method: 'POST',
    url: `/operators/jobs/${id}:cancel`,
    headers: { ...basic('grace'), 'x-millrace-operator': 'yes' },
  })
  const headers = basic('linus')
  const known = await web.app.inject({ url: `/jobs/${id}`, headers: withKey('anki') })
  const answers = {
    'post /anki/users': asked,
    'post /operators/jobs/{id}:cancel': steered,
    'get /operators/jobs/{id}': await web.app.inject({ url: `/operators/jobs/${id}`, headers }),
    'get /operators/messages': await web.app.inject({ url: '/operators/messages', headers }),
    'get /operators/anki/users/{id}': await web.app.inject({
      url: `/operators/anki/users/${ada.id}`,
      headers,
    }),
    'get /livez': await web.app.inject('/livez'),
    'get /readyz': await web.app.inject('/readyz'),
    'get /jobs/{id}': known,
  }

  for (const [name, { statusCode, json, headers: sent }] of Object.entries(answers)) {
    const answer = operationOf(name).responses[statusCode]
    expect(
      Object.keys(json()).filter((key) => !propertiesOf(answer).includes(key)),
      name,
    ).toEqual([])
    for (const header of Object.keys(answer?.headers ?? {}))
      expect(sent, name).toHaveProperty(header.toLowerCase())
  }
  // What the schema does not name would not be sent.
  const whole = answers['get /operators/jobs/{id}'].json()
  const besides = ['internalState', 'owner', 'queue', 'ticket', 'trace', 'undo', 'verdict']
  expect(Object.keys(whole.job).sort()).toEqual([...Object.keys(steered.json()), ...besides].sort())
  expect(Object.keys(whole.history[0]).sort()).toEqual(
    ['actor', 'at', 'attempt', 'detail', 'kind', 'round', 'seq'].sort(),
  )
  expect(steered.headers.location).toBe(`/operators/jobs/${id}`)
  const unchanged = { ...withKey('anki'), 'if-none-match': known.headers.etag }
  expect((await web.app.inject({ url: `/jobs/${id}`, headers: unchanged })).statusCode).toBe(304)
})

const names = (of: Named[]): string[] => of.map(({ name }) => name).sort()

const bodiless = new Set(['204', '302', '304'])

const hasBody = ({ content = {} }: Answer): boolean =>
  Object.values(content).some(({ schema }) => Object.keys(schema).length > 0)

const operationOf = (name: string): Named => {
  const found = operations.find((each) => each.name === name)
  if (!found) throw new Error(`There is no ${name} in the document.`)
  return found
}

const readersOf = (header: string): Named[] =>
  operations.filter(({ parameters }) =>
    parameters?.some((each) => {
      const described = '$ref' in each ? resolved(document.components, each.$ref) : each
      return (described as { in: string; name: string }).name === header
    }),
  )

function propertiesOf(answer: Answer | undefined): string[] {
  const schema = answer?.content?.['application/json']?.schema ?? {}
  const named = '$ref' in schema ? resolved(document.components, schema.$ref as string) : schema
  return Object.keys((named as { properties?: object }).properties ?? {}).sort()
}

function resolved(components: Components, ref: string): object {
  const [, kind = '', name = ''] = /^#\/components\/([^/]+)\/([^/]+)$/.exec(ref) ?? []
  const found = components[kind]?.[name]
  if (!found) throw new Error(`${ref} leads nowhere.`)
  return found
}

function refsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' && typeof inner === 'string' ? [inner] : refsIn(inner),
  )
}
