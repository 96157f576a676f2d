import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { sql } from 'kysely'
import { startMistral, type MistralStack } from '../../../local/mistral/server.ts'
import { startS3 } from '../../../local/s3/server.ts'
import { addChild } from '../../../src/domains/iep/children.ts'
import { ensureProfile } from '../../../src/domains/iep/profiles.ts'
import { openUpload, type Upload } from '../../../src/domains/iep/uploads.ts'
import { ask } from '../../../src/jobs/define.ts'
import { receiveDocument } from '../../../src/jobs/iep/receive-document.ts'
import type { Seen } from '../../../src/jobs/ledger/read.ts'
import { createWorld, type World } from '../../support/world.ts'

/** A world with a bucket, a model and a parent: Grace, whose child is Ada. */
export interface Family extends AsyncDisposable {
  world: World
  mistral: MistralStack
  userId: string
  childId: string
  /** Opens a place, as the API does. */
  open(): Promise<Upload>
  put(key: string, bytes: Buffer): Promise<void>
  /** What is in the bucket. */
  keys(): Promise<string[]>
  /** Where the files of the documents are that were not refused. */
  files(): Promise<string[]>
  /** Tells of an object, as S3 does, and lives through what the telling brings about. */
  tell(upload: Pick<Upload, 'iepId'>, writing?: string): Promise<Seen>
  /** Opens a place, fills it and tells of it. */
  upload(bytes: Buffer): Promise<Upload & { job: Seen }>
  consent(given: boolean): Promise<void>
  /** Runs every job there is, and those that follow, until all have settled. */
  settleAll(): Promise<void>
  documents(): Promise<DocumentRow[]>
  document(iepId: string): Promise<DocumentRow | undefined>
  /** The states of the languages, by language. */
  states(iepId: string): Promise<Record<string, string>>
  /** The calls to the model that were written down. */
  calls(
    iepId: string,
  ): Promise<{ step: string; language: string | null; outcome: string | null; pages: number | null }[]>
  /** Jobs by name, and how often each ran to an end. */
  jobs(): Promise<{ name: string; state: string; data: Record<string, unknown>; result: unknown }[]>
}

export interface DocumentRow {
  iep_id: string
  active: boolean
  revision: number
  status: string
  page_count: number | null
  waiting_for: string | null
  problem_code: string | null
  problem_message: string | null
}

const bucketName = 'papers'

export async function createFamily(
  options: { consent?: boolean; env?: Record<string, string> } = {},
): Promise<Family> {
  const directory = await mkdtemp(path.join(tmpdir(), 'millrace-family-'))
  const credentials = { accessKeyId: 'ADA', secretAccessKey: 'ada-keeps-this-to-herself' }
  const s3 = await startS3({ directory: path.join(directory, 's3'), credentials })
  const mistral = await startMistral()
  const client = new S3Client({ ...s3, credentials, forcePathStyle: true })
  await client.send(new CreateBucketCommand({ Bucket: bucketName }))
  const world = await createWorld({
    env: {
      AWS_ENDPOINT_URL_S3: s3.endpoint,
      AWS_REGION: s3.region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      IEP_BUCKET: bucketName,
      MISTRAL_URL: mistral.url,
      MISTRAL_API_KEY: mistral.apiKey,
      ...options.env,
    },
  })
  const { database } = world
  const userId = randomUUID()
  const { childId } = await database.transaction(async (tx) => {
    await ensureProfile(tx, userId)
    return addChild(tx, userId, { name: 'Ada', schoolCity: 'Boston' })
  })
  let writings = 0

  const family: Family = {
    world,
    mistral,
    userId,
    childId,
    open: () => database.transaction((tx) => openUpload(tx, { userId, childId, fileName: 'plan.pdf' })),
    put: async (Key, Body) => {
      await client.send(
        new PutObjectCommand({ Bucket: bucketName, Key, Body, ContentType: 'application/pdf' }),
      )
    },
    keys: async () => {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucketName }))
      return Contents.map(({ Key }) => Key as string)
    },
    files: async () => {
      const found = await sql<{ key: string }>`
        select object_key as key from iep.documents where page_count is not null order by key`.execute(
        database.sql,
      )
      return found.rows.map(({ key }) => key)
    },
    tell: ({ iepId }, writing = `writing ${(writings += 1)}`) =>
      world.work(ask(receiveDocument, { userId, childId, iepId, writing })),
    upload: async (bytes) => {
      const upload = await family.open()
      await family.put(upload.key, bytes)
      return { ...upload, job: await family.tell(upload) }
    },
    consent: async (given) => {
      await sql`update iep.profiles set consent_given = ${given} where user_id = ${userId}`.execute(
        database.sql,
      )
    },
    settleAll: async () => {
      for (;;) {
        const open = await sql<{ id: string }>`
          select id from millrace.jobs where state not in ('completed', 'failed', 'cancelled') order by id`.execute(
          database.sql,
        )
        if (open.rows.length === 0) return
        for (const { id } of open.rows) await world.finish(id)
      }
    },
    documents: async () => {
      const found = await sql<DocumentRow>`
        select iep_id, active, revision, status, page_count, waiting_for, problem_code, problem_message
        from iep.documents where child_id = ${childId} order by created_at, iep_id`.execute(database.sql)
      return found.rows
    },
    document: async (iepId) => (await family.documents()).find((row) => row.iep_id === iepId),
    states: async (iepId) => {
      const found = await sql<{ language: string; state: string }>`
        select language, state from iep.language_versions where iep_id = ${iepId} order by language`.execute(
        database.sql,
      )
      return Object.fromEntries(found.rows.map(({ language, state }) => [language, state]))
    },
    calls: async (iepId) => {
      const found = await sql<Awaited<ReturnType<Family['calls']>>[number]>`
        select step, language, outcome, pages from iep.model_calls where iep_id = ${iepId} order by started_at, call_id`.execute(
        database.sql,
      )
      return found.rows
    },
    jobs: async () => {
      const found = await sql<Awaited<ReturnType<Family['jobs']>>[number]>`
        select name, state, data, result from millrace.jobs order by id`.execute(database.sql)
      return found.rows
    },
    [Symbol.asyncDispose]: async () => {
      await world[Symbol.asyncDispose]()
      client.destroy()
      await mistral.stop()
      await s3.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
  if (options.consent !== false) await family.consent(true)
  return family
}
