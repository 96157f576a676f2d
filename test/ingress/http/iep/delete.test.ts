import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { removeObjects } from '../../../../src/jobs/iep/remove-objects.ts'
import { ada, arrive, called, english, grace, read, tell } from '../../../domains/iep/stored.ts'
import { startDocuments, startFamily, type Family } from './family.ts'

const jobs = async (family: Family) =>
  (
    await sql<{ name: string; key: string; state: string }>`
      select name, key, state from millrace.jobs order by name, key`.execute(family.sql)
  ).rows
const count = async (family: Family, table: string) =>
  (await sql<{ count: number }>`select count(*)::int as count from ${sql.table(table)}`.execute(family.sql))
    .rows[0]?.count
const consent = (family: Family, userId: string) =>
  family.as(userId, { method: 'PUT', url: '/profile', payload: { consentGiven: true } })

/** A document with everything, whose next step waits. */
async function underWay(family: Family, userId: string, childId: string): Promise<string> {
  const iepId = await arrive(family.sql, { userId, childId, waitingFor: 'consent' })
  await read(family.sql, iepId, 2)
  await tell(family.sql, iepId, 'en', { state: 'ready', content: english })
  await called(family.sql, iepId, { step: 'read' })
  await consent(family, userId)
  return iepId
}

test('deleting leaves nothing of a child’s documents but what they cost', async () => {
  await using documents = await startDocuments()
  await using family = await startFamily({ env: documents.env })
  const [childId, other] = [await family.child(ada), await family.child(ada)]
  const iepId = await underWay(family, ada, childId)
  const kept = await underWay(family, ada, other)
  await family.as(ada, {
    method: 'POST',
    url: '/signed-url-knowledge',
    payload: { fileName: 'new.pdf', fileType: 'application/pdf', operation: 'upload', childId },
  })
  const keptKey = `${ada}/${other}/${kept}/plan.pdf`
  for (const key of [`${ada}/${childId}/${iepId}/plan.pdf`, `${ada}/${childId}/stray.png`, keptKey])
    await documents.put(key)

  const answer = await family.as(ada, { method: 'DELETE', url: `/profile/children/${childId}/documents` })

  expect(answer.statusCode).toBe(200)
  expect(answer.body).toBe(`{"message":"IEP documents successfully deleted","childId":"${childId}"}`)
  expect(await documents.keys()).toEqual([keptKey])
  expect(await count(family, 'iep.documents')).toBe(1)
  expect(await count(family, 'iep.uploads')).toBe(0)
  expect(await count(family, 'iep.pages')).toBe(2)
  expect(await count(family, 'iep.language_versions')).toBe(1)
  const calls = await sql<{
    iep_id: string
    answer: unknown
  }>`select iep_id, answer from iep.model_calls`.execute(family.sql)
  expect(new Map(calls.rows.map((row) => [row.iep_id, row.answer]))).toEqual(
    new Map<string, unknown>([
      [iepId, null],
      [kept, 'what it said'],
    ]),
  )
  const left = (await jobs(family)).filter((job) => job.key.includes(iepId) || job.key.includes(childId))
  expect(left.map(({ name }) => name)).toEqual(['iep.read-document', 'iep.remove-objects'])
  expect(left[1]?.state).toBe('waiting')
  const stopped = await family.web.world.finish(await idOf(family, 'iep.read-document', iepId))
  expect(stopped.state).toBe('cancelled')
  expect((await jobs(family)).find((job) => job.key.startsWith(kept))?.state).toBe('waiting')

  const seen = await family.as(ada, { url: `/profile/children/${childId}/documents` })
  expect(seen.json()).toEqual({ documents: [], message: 'No document found for this child' })
  const { children } = (await family.as(ada, { url: '/profile' })).json().profile
  expect(children.length).toBe(2)
})

test('deleting twice, or at once, is the same as deleting', async () => {
  await using documents = await startDocuments()
  await using family = await startFamily({ env: documents.env })
  const childId = await family.child(ada)
  const url = `/profile/children/${childId}/documents`
  const remove = () => family.as(ada, { method: 'DELETE', url })
  expect((await remove()).statusCode).toBe(200)
  await underWay(family, ada, childId)
  const answers = await Promise.all([remove(), remove(), remove()])
  expect(answers.map((answer) => answer.statusCode)).toEqual([200, 200, 200])
  expect((await remove()).json()).toEqual({ message: 'IEP documents successfully deleted', childId })
  expect((await jobs(family)).filter((job) => job.name === 'iep.remove-objects').length).toBe(1)
})

test('with S3 away the rows go all the same, and a job is left that finishes, and spares what came since', async () => {
  await using documents = await startDocuments()
  await using family = await startFamily({ env: documents.env })
  const childId = await family.child(ada)
  const iepId = await underWay(family, ada, childId)
  for (const key of [`${childId}/${iepId}/plan.pdf`, `${childId}/stray.pdf`])
    await documents.put(`${ada}/${key}`)
  await documents.leave()

  const answer = await family.as(ada, { method: 'DELETE', url: `/profile/children/${childId}/documents` })

  expect(answer.statusCode).toBe(200)
  expect(answer.json()).toEqual({ message: 'IEP documents successfully deleted', childId })
  expect(await count(family, 'iep.documents')).toBe(0)
  const removal = (await jobs(family)).find((job) => job.name === 'iep.remove-objects')
  expect(removal).toMatchObject({ key: removeObjects.key({ userId: ada, childId }), state: 'waiting' })

  await documents.comeBack()
  expect((await documents.keys()).length).toBe(2)
  const living = await arrive(family.sql, { userId: ada, childId })
  await documents.put(`${ada}/${childId}/${living}/plan.pdf`)
  const found = await sql<{ id: string }>`
    select id from millrace.jobs where name = 'iep.remove-objects'`.execute(family.sql)
  const settled = await family.web.world.finish(found.rows[0]?.id ?? '')
  expect(settled).toMatchObject({ state: 'completed', result: { removed: 2 } })
  expect(await documents.keys()).toEqual([`${ada}/${childId}/${living}/plan.pdf`])
})

test('when the database refuses nothing is deleted, and nothing of its words gets out', async () => {
  await using documents = await startDocuments()
  await using family = await startFamily({ env: documents.env })
  const childId = await family.child(ada)
  const iepId = await underWay(family, ada, childId)
  const key = `${ada}/${childId}/${iepId}/plan.pdf`
  await documents.put(key)
  await sql`
    create function public.refuse() returns trigger language plpgsql as
    $$ begin raise exception 'a secret of the database'; end $$`.execute(family.sql)
  await sql`create trigger refuse before delete on iep.documents for each row execute function public.refuse()`.execute(
    family.sql,
  )
  const before = await jobs(family)

  const answer = await family.as(ada, { method: 'DELETE', url: `/profile/children/${childId}/documents` })

  expect(answer.statusCode).toBe(500)
  expect(answer.json()).toEqual({
    message: 'Error deleting IEP documents: the database refused. Please try again.',
  })
  expect(await jobs(family)).toEqual(before)
  expect(await documents.keys()).toEqual([key])
})

test('with the database away it says so in the words of this address', async () => {
  await using family = await startFamily({ proxyPostgres: true })
  const childId = await family.child(ada)
  await family.web.world.proxy?.close()
  const answer = await family.as(ada, { method: 'DELETE', url: `/profile/children/${childId}/documents` })
  expect(answer.statusCode).toBe(500)
  expect(answer.json()).toEqual({
    message: 'Error deleting IEP documents: the database is away. Please try again.',
  })
})

test('a step that settles while its document is deleted waits for nobody, and leaves no ghost', async () => {
  await using documents = await startDocuments()
  await using family = await startFamily({ env: documents.env })
  for (let turn = 0; turn < 5; turn += 1) {
    const childId = await family.child(grace)
    const iepId = await underWay(family, grace, childId)
    const id = await idOf(family, 'iep.read-document', iepId)
    const [answer] = await Promise.all([
      family.as(grace, { method: 'DELETE', url: `/profile/children/${childId}/documents` }),
      family.web.world.finish(id),
    ])
    expect(answer.statusCode).toBe(200)
    expect(await count(family, 'iep.documents')).toBe(0)
    expect(await count(family, 'iep.pages')).toBe(0)
  }
})

async function idOf(family: Family, name: string, iepId: string): Promise<string> {
  const found = await sql<{ id: string }>`
    select id from millrace.jobs where name = ${name} and key like ${`${iepId}%`}`.execute(family.sql)
  return found.rows[0]?.id ?? ''
}
