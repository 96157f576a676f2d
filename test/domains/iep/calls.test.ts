import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { DocumentGone } from '../../../src/domains/iep/document.ts'
import { beginCall, ConsentWithdrawn } from '../../../src/domains/iep/models/calls.ts'
import { changeProfile, holdProfile } from '../../../src/domains/iep/profiles.ts'
import type { Tx } from '../../../src/shared/database.ts'
import { createWorld, type World } from '../../support/world.ts'
import { arrive, grace } from './stored.ts'

let world: World
let iepId: string

beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

beforeEach(async () => {
  await run('truncate iep.profiles, iep.model_calls cascade')
  await run(`insert into iep.profiles (user_id, consent_given) values ('${grace}', true), ('linus', true)`)
  const childId = randomUUID()
  await run(
    `insert into iep.children (child_id, user_id, name, school_city) values ('${childId}', '${grace}', 'Ada', 'Boston')`,
  )
  iepId = await arrive(world.database.sql, { userId: grace, childId })
})

const run = (text: string) => sql.raw(text).execute(world.database.sql)
const consent = (given: boolean) => (tx: Tx) => changeProfile(tx, grace, { consentGiven: given })
const begin = (document: { userId?: string; revision?: number } = {}) =>
  beginCall(world.database.run, {
    document: { iepId, userId: grace, revision: 1, ...document },
    step: 'read',
    language: null,
    requestHash: Buffer.from('these pages'),
    model: 'a-model',
  })
const written = async () => (await run('select from iep.model_calls')).rows.length

/** Begins a call while a transaction changes something about a held profile. */
async function beginBeside(...changes: ((tx: Tx) => Promise<unknown>)[]): Promise<string> {
  const beginning = await world.database.transaction(async (tx) => {
    await holdProfile(tx, grace)
    for (const change of changes) await change(tx)
    const waiting = begin()
    waiting.catch(() => undefined)
    await expect.poll(somebodyWaits).toBe(true)
    return { waiting }
  })
  return beginning.waiting
}

async function somebodyWaits(): Promise<boolean> {
  const waiting = await sql`
    select 1 from pg_locks l join pg_stat_activity a on a.pid = l.pid
    where not l.granted and a.datname = current_database()`.execute(world.database.sql)
  return waiting.rows.length > 0
}

const document = (set: string) => (tx: Tx) => sql.raw(`update iep.documents set ${set}`).execute(tx)

test('a call begins with the consent of the document’s parent, and nobody else’s', async () => {
  await begin()
  expect(await written()).toBe(1)

  await world.database.transaction(consent(false))
  await expect(begin()).rejects.toBeInstanceOf(ConsentWithdrawn)
  await expect(begin({ userId: 'linus' })).rejects.toBeInstanceOf(DocumentGone)
  expect(await written()).toBe(1)

  await world.database.transaction(consent(true))
  await begin()
  expect(await written()).toBe(2)
})

test('without consent a document that is gone is gone all the same', async () => {
  await world.database.transaction(consent(false))

  await expect(begin({ revision: 2 })).rejects.toBeInstanceOf(DocumentGone)
  expect(await written()).toBe(0)
})

test('a call that would begin while consent is being taken back does not', async () => {
  const beginning = beginBeside(consent(false), document(`waiting_for = 'consent'`))

  await expect(beginning).rejects.toBeInstanceOf(ConsentWithdrawn)
  expect(await written()).toBe(0)
})

test('a call that would begin while consent is being given does', async () => {
  await run(`update iep.profiles set consent_given = false; update iep.documents set waiting_for = 'consent'`)

  await beginBeside(consent(true), document('waiting_for = null'))

  expect(await written()).toBe(1)
})

test('a call that would begin while the document is deleted does not', async () => {
  const beginning = beginBeside((tx) => sql`delete from iep.documents`.execute(tx))

  await expect(beginning).rejects.toBeInstanceOf(DocumentGone)
  expect(await written()).toBe(0)
})
