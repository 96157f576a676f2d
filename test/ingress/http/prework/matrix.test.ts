import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { roles, type Role } from '../../../../src/domains/prework/permissions.ts'
import { callers, tables, type About, type Caller, type Row } from './matrix.ts'
import { startPrework, type Call, type Made, type Prework } from './people.ts'

let prework: Prework
let manager: string
const selves = new Map<Caller, Made>()
beforeAll(async () => {
  prework = await startPrework()
  manager = (await prework.person('manager')).user.userId
  for (const role of roles) selves.set(role, await prework.person(role))
})
afterAll(() => prework[Symbol.asyncDispose]())

describe.for(Object.entries(tables))('%s', ([, rows]) => {
  const cells = rows.flatMap((row) =>
    callers.flatMap((caller, n) => {
      const status = row.answers[n]
      return typeof status === 'number' ? [[nameOf(row), caller, status, row] as const] : []
    }),
  )
  test.for(cells)('%s: %s is answered %i', async ([, caller, status, row]) => {
    const target = await targetOf(row, caller)
    const call = row.call({ target, manager })
    const before = await everythingOf(target)

    const answer = await callAs(caller, call)

    expect([answer.statusCode, answer.body]).toEqual([status, expect.any(String)])
    // Who is refused has changed nothing.
    if (status >= 400) expect(await everythingOf(target)).toEqual(before)
  })
})

test('every route of Pre-Work is in the tables', () => {
  const { paths = {} } = prework.web.app.swagger() as { paths?: Record<string, object> }
  const routes = Object.entries(paths)
    .filter(([url]) => url.startsWith('/prework/'))
    .flatMap(([url, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${url.replace('/prework', '')}`),
    )
  const listed = new Set(Object.values(tables).flatMap((rows) => rows.map(({ route }) => route)))

  expect(routes.filter((route) => !listed.has(route))).toEqual([])
  expect([...listed].filter((route) => !routes.includes(route))).toEqual([])
  expect(routes.length).toBeGreaterThan(10)
})

test('the document says the same', async () => {
  const file = path.join(import.meta.dirname, '../../../../docs/prework-permissions.md')
  const written = (await readFile(file, 'utf8')).split('\n').filter((line) => /^(\||## )/.test(line))

  const cells = (...each: readonly (string | number)[]) => `| ${each.join(' | ')} |`.replaceAll('  ', ' ')
  const tabled = Object.entries(tables).flatMap(([heading, rows]) =>
    [`## ${heading}`, cells('', '', '', ...callers), `|${'---|'.repeat(callers.length + 3)}`].concat(
      rows.map(({ route, about = '', on = '', answers }) => cells(`\`${route}\``, about, on, ...answers)),
    ),
  )
  expect(written).toEqual(tabled)
})

const nameOf = ({ route, about, on }: Row): string =>
  [route, [about, on].filter((part) => part !== undefined).join(', ')].filter(Boolean).join(' of ')

/** A line about everybody has a target too, for which nothing may happen. */
async function targetOf(row: Row, caller: Caller): Promise<Made> {
  const self = selves.get(caller)
  const about: About = row.about ?? 'another'
  if (about === 'oneself' && self) return self
  const role: Role = row.role ?? 'user'
  const made = await prework.person(role)
  if (row.bare) return withoutProfile(made)
  return about === 'one’s team' && self ? inTeamOf(self, made) : made
}

/** Written as it is, since not everybody could be named as a manager; who is so named must be one to see anything. */
async function inTeamOf({ user }: Made, made: Made): Promise<Made> {
  const profile = { ...made.profile, managerId: user.userId }
  await prework.store.documents.putMany(prework.store.tables.profiles, [profile])
  return { ...made, profile }
}

async function withoutProfile({ user, profile }: Made): Promise<Made> {
  const { profileId, ...bare } = user
  const { users, profiles } = prework.store.tables
  await prework.store.documents.transact([
    { Put: { TableName: users, Item: bare } },
    { Delete: { TableName: profiles, Key: { profileId } } },
  ])
  return { user: bare, profile }
}

function callAs(caller: Caller, call: Call) {
  const self = selves.get(caller)
  if (self) return prework.as(self.user, call)
  return caller === 'server key'
    ? prework.withKey(call)
    : prework.web.app.inject({ ...call, url: `/prework${call.url}` })
}

/** All that the tables hold of somebody. */
async function everythingOf({ user: { userId }, profile: { profileId } }: Made): Promise<unknown[]> {
  const { documents, tables: named } = prework.store
  const entries = (entityId: string) =>
    documents.query({
      table: named.audit,
      index: 'EntityIdIndex',
      partition: { name: 'entityId', value: entityId },
      limit: 100,
    })
  const [user, profile, ofUser, ofProfile] = await Promise.all([
    documents.get(named.users, { userId }),
    documents.get(named.profiles, { profileId }),
    entries(userId),
    entries(profileId),
  ])
  // The first call of somebody links their sign-in, whatever becomes of the call.
  return [user, profile, ofUser.items.filter(({ action }) => action !== 'link-sign-in'), ofProfile]
}
