import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { sql } from 'kysely'
import { startS3 } from '../../../local/s3/server.ts'
import { bucketsOf, openPreworkBuckets, type PreworkBuckets } from '../../../src/domains/prework/buckets.ts'
import { findMedia, type Media } from '../../../src/domains/prework/media/media.ts'
import { folderOf, uploadOf, type Place } from '../../../src/domains/prework/media/places.ts'
import { BYTES_AT_MOST, mediaTypes, type MediaType } from '../../../src/domains/prework/media/types.ts'
import { openPreworkStore, type PreworkStore } from '../../../src/domains/prework/store.ts'
import { readMessage } from '../../../src/ingress/messages/read.ts'
import { reactTo } from '../../../src/ingress/reactions.ts'
import type { Seen } from '../../../src/jobs/ledger/read.ts'
import { sleep } from '../../../src/shared/time.ts'
import { startTables } from '../../domains/prework/tables.ts'
import { startFront, type Interruption } from '../../shared/bucket/front.ts'
import { startTrouble, type Trouble } from '../../shared/dynamodb/trouble.ts'
import { createWorld, type World } from '../../support/world.ts'

/** Pre-Work's tables and buckets, S3 that tells of what arrives, and the jobs that follow. */
export interface Uploads extends AsyncDisposable {
  world: World
  store: PreworkStore
  /** Past all trouble. */
  buckets: PreworkBuckets
  /** In front of the tables, for the product and not for the test. */
  trouble: Trouble
  /** Makes S3 behave differently until told otherwise, for the product and not for the test. */
  interrupt(by: Interruption | undefined): void
  /** A place where something of this type may be uploaded, as the API opens it. */
  open(contentType: MediaType, fields?: Partial<Media>): Promise<Media>
  /** Fills the form of a place; S3 has told of it then. */
  fill(media: Media, bytes: Buffer | string): Promise<void>
  /** Writes past all forms; S3 has told of it then, where there is something to tell. */
  put(bucket: keyof PreworkBuckets, key: string, bytes: Buffer | string): Promise<void>
  /** Everything S3 has told of and nobody has heard: read and asked for as the process that listens does. */
  hear(): Promise<string[]>
  /** Loses what S3 has told of. */
  forget(): void
  /** Hears what there is to hear and runs every job there is, and those that follow, until all have settled. */
  settle(): Promise<void>
  /** Opens, fills and settles; tells what became of it. */
  upload(contentType: MediaType, bytes: Buffer | string): Promise<Media>
  /** Several at once. */
  uploadAll(all: (readonly [MediaType, Buffer | string])[]): Promise<Media[]>
  now(place: Place): Promise<Media | undefined>
  /** What the audit log has of it, the oldest first: action and problem. */
  trail(place: Place): Promise<Record<string, unknown>[]>
  /** The objects of a place that are left: `bucket key`. */
  left(place: Place): Promise<string[]>
  bytes(bucket: keyof PreworkBuckets, key: string): Promise<Buffer>
  job(place: Place, name?: string): Promise<Seen>
}

const credentials = { accessKeyId: 'ada', secretAccessKey: 'secret-of-ada' }
const QueueArn = 'arn:aws:sqs:us-east-1:000000000000:events'
const names = bucketsOf('dev')

export async function startUploads(): Promise<Uploads> {
  const directory = await mkdtemp(path.join(tmpdir(), 'millrace-uploads-'))
  /** What nobody has heard yet, and how much there ever was. */
  const told: string[] = []
  let ever = 0
  const sendToQueue = async (_queue: string, body: string): Promise<void> => {
    told.push(body)
    ever += 1
  }
  const tables = await startTables()
  const stack = await startS3({ directory, credentials, sendToQueue })
  let interruption: Interruption | undefined
  const front = await startFront(stack.endpoint, (...call) => interruption?.(...call) ?? false)
  const trouble = await startTrouble(tables.endpoint)
  const s3 = new S3Client({ ...stack, credentials, forcePathStyle: true })
  for (const Bucket of Object.values(names)) await s3.send(new CreateBucketCommand({ Bucket }))
  for (const Bucket of [names.uploads, names.documents]) {
    const QueueConfigurations = [{ QueueArn, Events: ['s3:ObjectCreated:*' as const] }]
    const NotificationConfiguration = { QueueConfigurations }
    const asked = { Bucket, NotificationConfiguration, SkipDestinationValidation: true }
    await s3.send(new PutBucketNotificationConfigurationCommand(asked))
  }
  const world = await createWorld({
    env: {
      ...tables.env,
      AWS_ENDPOINT_URL_DYNAMODB: trouble.endpoint,
      AWS_ENDPOINT_URL_S3: front.endpoint,
    },
  })
  const store = openPreworkStore(tables.aws, 'dev')
  const opened = openPreworkBuckets({ ...tables.aws, s3Endpoint: stack.endpoint }, 'dev')
  const { buckets } = opened
  /** S3 tells a moment after it has answered. */
  const untilTold = async (before: number): Promise<void> => {
    while (ever === before) await sleep(5)
  }

  const uploads: Uploads = {
    world,
    store,
    buckets,
    trouble,
    interrupt: (by) => {
      interruption = by
    },
    open: async (contentType, fields = {}) => {
      const now = new Date().toISOString()
      const media: Media = {
        mediaId: randomUUID(),
        userId: randomUUID(),
        fileName: 'Ada at home',
        contentType,
        uploadStatus: 'uploading',
        uploadUntil: now,
        version: 1,
        createdAt: now,
        createdBy: 'ada',
        updatedAt: now,
        updatedBy: 'ada',
        ...fields,
      }
      await store.documents.putMany(store.tables.media, [{ ...media }])
      return media
    },
    fill: async (media, bytes) => {
      const { contentType } = media
      const bucket = buckets[mediaTypes[contentType].bucket]
      const key = uploadOf(media)
      const form = await bucket.presignPost({ key, contentType, maxBytes: BYTES_AT_MOST, seconds: 60 })
      const body = new FormData()
      for (const [name, value] of Object.entries(form.fields)) body.append(name, value)
      body.append('file', new Blob([new Uint8Array(Buffer.from(bytes))]), 'Ada at home')
      const before = ever
      const { status } = await fetch(form.url, { method: 'POST', body })
      if (status !== 204) throw new Error(`The form answered ${status}.`)
      await untilTold(before)
    },
    put: async (bucket, Key, bytes) => {
      const before = ever
      await s3.send(new PutObjectCommand({ Bucket: names[bucket], Key, Body: Buffer.from(bytes) }))
      if (bucket !== 'thumbnails') await untilTold(before)
    },
    hear: async () => {
      const asked: string[] = []
      for (const body of told.splice(0)) {
        const read = readMessage(body)
        if (!('events' in read)) throw new Error(`Cannot be read: ${body}`)
        for (const event of read.events)
          for (const ask of reactTo(event, world.config) ?? []) {
            const { decision } = await world.asking.accept.now(ask, randomUUID().replaceAll('-', ''))
            asked.push(`${ask.job.name} ${decision}`)
          }
      }
      return asked
    },
    forget: () => {
      told.length = 0
    },
    settle: async () => {
      for (;;) {
        await uploads.hear()
        const open = await sql<{ id: string }>`
          select id from millrace.jobs where state not in ('completed', 'failed', 'cancelled') order by id`.execute(
          world.database.sql,
        )
        if (open.rows.length === 0 && told.length === 0) return
        await Promise.all(open.rows.map(({ id }) => world.finish(id)))
      }
    },
    upload: async (contentType, bytes) => {
      const [media] = await uploads.uploadAll([[contentType, bytes]])
      return media as Media
    },
    uploadAll: async (all) => {
      const opened: Media[] = []
      for (const [contentType, bytes] of all) {
        const media = await uploads.open(contentType)
        await uploads.fill(media, bytes)
        opened.push(media)
      }
      await uploads.settle()
      return Promise.all(opened.map(async (media) => (await uploads.now(media)) as Media))
    },
    now: ({ mediaId }) => findMedia(store, mediaId),
    trail: async ({ mediaId }) => {
      const { items } = await store.documents.query({
        table: store.tables.audit,
        index: 'EntityIdIndex',
        partition: { name: 'entityId', value: mediaId },
        limit: 50,
      })
      return items
    },
    left: async (place) => {
      const found: string[] = []
      for (const [name, Bucket] of Object.entries(names))
        for (const Prefix of [folderOf(place), uploadOf(place)]) {
          const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix }))
          found.push(...Contents.map(({ Key }) => `${name} ${Key}`))
        }
      return found.sort()
    },
    bytes: async (bucket, Key) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: names[bucket], Key }))
      return Buffer.from(await Body!.transformToByteArray())
    },
    job: async ({ mediaId }, name = 'prework.process-media') => {
      const { rows } = await sql<{ id: string }>`
        select id from millrace.jobs where name = ${name} and key like ${`${mediaId}%`}`.execute(
        world.database.sql,
      )
      return world.see(rows[0]?.id as string)
    },
    [Symbol.asyncDispose]: async () => {
      await world[Symbol.asyncDispose]()
      store.documents.close()
      opened.close()
      s3.destroy()
      await trouble.close()
      await front.close()
      await stack.stop()
      await tables.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
  return uploads
}

/** What S3 does when it is asked to do this to an object of this bucket whose key ends so. */
export const on =
  (method: string, bucket: keyof PreworkBuckets, end: string, then: Interruption): Interruption =>
  (incoming, response) => {
    const [address = ''] = (incoming.url ?? '').split('?')
    const isIt =
      incoming.method === method && address.startsWith(`/${names[bucket]}/`) && address.endsWith(end)
    return isIt && then(incoming, response)
  }

export const denied: Interruption = (_incoming, response) => {
  response.writeHead(403, { 'content-type': 'application/xml' })
  response.end('<Error><Code>AccessDenied</Code><Message>no</Message></Error>')
  return true
}
