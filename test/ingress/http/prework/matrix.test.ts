import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Media } from '../../../../src/domains/prework/media/media.ts'
import { roles, type Role } from '../../../../src/domains/prework/permissions.ts'
import { completedFiles } from '../../../domains/prework/completed-files.ts'
import { storedSubmission } from '../../../domains/prework/stored-submission.ts'
import { callers, type About, type Caller, type Row, type Scene } from './matrix-rows.ts'
import { tables } from './matrix.ts'
import { startPrework, type Call, type Made, type Prework } from './people.ts'

let prework: Prework
let manager: string
let reviewer: string
const selves = new Map<Caller, Made>()
const shared = new Map<string, Promise<Scene>>()
beforeAll(async () => {
  prework = await startPrework()
  manager = (await prework.person('manager')).user.userId
  reviewer = (await prework.person('supervisor')).user.userId
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
    const scene = await (leavesAll(row, status) ? sharedScene : newScene)(row, caller)
    const call = row.call(scene)
    const before = await everythingOf(scene)

    const answer = await callAs(caller, call)

    expect([answer.statusCode, answer.body]).toEqual([status, expect.any(String)])
    // Who is refused has changed nothing.
    if (status >= 400) expect(await everythingOf(scene)).toEqual(before)
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

/** Whether what is there before the call is there after it, as it was. */
const leavesAll = ({ route }: Row, status: number): boolean =>
  status >= 400 || (route.startsWith('GET') && route !== 'GET /api/media') || route === 'POST /api/media'

/** One for all lines that want the same, and leave it as it was. */
function sharedScene(row: Row, caller: Caller): Promise<Scene> {
  const { about, role, bare, submission } = row
  const wanted = JSON.stringify([caller, about, role, bare, submission])
  const scene = shared.get(wanted) ?? newScene(row, caller)
  shared.set(wanted, scene)
  return scene
}

async function newScene(row: Row, caller: Caller): Promise<Scene> {
  const target = await targetOf(row, caller)
  return { target, manager, ...(await filesOf(row, caller, target)) }
}

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

/** A submission and a file of the target. */
async function filesOf(
  { submission: asked }: Row,
  caller: Caller,
  { user: { userId } }: Made,
): Promise<Pick<Scene, 'submission' | 'file'>> {
  const submissionId = randomUUID()
  const attached = asked?.holds ? { submissionId } : {}
  const [file] = (await completedFiles(prework.store, userId, 1, { ...picture, ...attached })) as [string]
  const taker = asked?.by ? (selves.get(caller)?.user.userId ?? 'server') : reviewer
  await storedSubmission(prework.store, {
    submissionId,
    userId,
    status: asked?.status ?? 'draft',
    mediaFiles: asked?.holds ? [file] : [],
    ...(asked?.status === 'under_review' ? { reviewedBy: taker } : {}),
  })
  return { submission: submissionId, file }
}

const thumbnail = { key: 'media/thumbnail.webp', width: 30, height: 20 }
const picture: Partial<Media> = {
  contentType: 'image/jpeg',
  file: {
    key: 'media/picture',
    bytes: 12,
    sha256: 'ada'.padEnd(64, '0'),
    width: 30,
    height: 20,
    thumbnails: { small: thumbnail, large: thumbnail },
  },
}

function callAs(caller: Caller, call: Call) {
  const self = selves.get(caller)
  if (self) return prework.as(self.user, call)
  return caller === 'server key'
    ? prework.withKey(call)
    : prework.web.app.inject({ ...call, url: `/prework${call.url}` })
}

/** All that the tables hold of the target. */
async function everythingOf({ target, submission, file }: Scene): Promise<unknown[]> {
  const { documents, tables: named } = prework.store
  const [{ userId }, { profileId }] = [target.user, target.profile]
  const listed = async (table: string, index: string, name: string, value: string) =>
    (await documents.query({ table, index, partition: { name, value }, limit: 100 })).items
  const entries = (id: string) => listed(named.audit, 'EntityIdIndex', 'entityId', id)
  const [user, profile, submissions, media, ofUser, ...others] = await Promise.all([
    documents.get(named.users, { userId }),
    documents.get(named.profiles, { profileId }),
    listed(named.submissions, 'UserIdIndex', 'userId', userId),
    listed(named.media, 'UserIdIndex', 'userId', userId),
    ...[userId, profileId, submission, file].map(entries),
  ])
  // The first call of somebody links their sign-in, whatever becomes of the call.
  const changes = ofUser?.filter(({ action }) => action !== 'link-sign-in')
  return [user, profile, submissions, media, changes, ...others]
}
