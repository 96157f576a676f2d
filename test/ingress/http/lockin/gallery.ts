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
import { sql as statement } from 'kysely'
import sharp from 'sharp'
import { startS3 } from '../../../../local/s3/server.ts'
import { readMessage } from '../../../../src/ingress/messages/read.ts'
import { reactTo } from '../../../../src/ingress/reactions.ts'
import type { Seen } from '../../../../src/jobs/ledger/read.ts'
import { sleep } from '../../../../src/shared/time.ts'
import { startFront, type Interruption } from '../../../shared/bucket/front.ts'
import { startLockin, type Lockin } from './people.ts'

/** What a person was given to upload a picture with. */
export interface Opened {
  avatar_id: string
  avatar_url: string
  upload: { url: string; fields: Record<string, string> }
  expires_in: number
}

/** LockIN with a bucket for its pictures, and S3 that tells of what arrives there. */
export interface Gallery extends AsyncDisposable {
  lockin: Lockin
  bucket: string
  /** A place for a picture, by the API. */
  open(person: string, contentType?: string): Promise<Opened>
  /** Fills the form as a browser does; S3 has told of it then, if it took it. */
  post(opened: Opened, bytes: Buffer, changed?: Record<string, string>): Promise<Response>
  /** Everything that S3 has told of and nobody has heard: read and asked for as the process that listens does. */
  hear(): Promise<string[]>
  /** Loses what S3 has told of. */
  forget(): void
  /** Hears what there is to hear and runs every job there is, and those that follow, until all have settled. */
  settle(): Promise<void>
  /** Opens, posts and settles; tells how the picture is then. */
  upload(person: string, bytes: Buffer, contentType?: string): Promise<Opened & { avatar: Avatar }>
  avatar(person: string, avatarId: string): Promise<Avatar>
  /** Writes past all forms; S3 has told of it then. */
  put(key: string, bytes: Buffer): Promise<void>
  bytes(key: string): Promise<Buffer>
  keys(): Promise<string[]>
  keyOf(person: string, avatarId: string, name?: string): Promise<string>
  jobs(name: string): Promise<Pick<Seen, 'id' | 'state' | 'result' | 'round' | 'attempts'>[]>
  /** Makes S3 behave differently until told otherwise, for the product and not for the test. */
  interrupt(by: Interruption | undefined): void
}

export interface Avatar {
  avatar_id: string
  state: string
  problem: { code: string; message: string } | null
}

const credentials = { accessKeyId: 'ADA', secretAccessKey: 'ada-keeps-this-to-herself' }
const Bucket = 'pictures'
const QueueArn = 'arn:aws:sqs:us-east-1:000000000000:events'

export async function startGallery(): Promise<Gallery> {
  const directory = await mkdtemp(path.join(tmpdir(), 'millrace-gallery-'))
  /** What nobody has heard yet, and all there ever was. */
  const [told, ever]: [string[], string[]] = [[], []]
  const sendToQueue = async (_queue: string, body: string): Promise<void> => {
    told.push(body)
    ever.push(body)
  }
  /** S3 tells a moment after it has answered. */
  const untilTold = async <T>(
    key: string,
    write: () => Promise<T>,
    wrote: (answer: T) => boolean,
  ): Promise<T> => {
    const count = () => ever.filter((body) => decodeURIComponent(body).includes(`"${key}"`)).length
    const before = count()
    const answer = await write()
    while (wrote(answer) && count() === before) await sleep(5)
    return answer
  }
  const stack = await startS3({ directory, credentials, sendToQueue })
  let interruption: Interruption | undefined
  const front = await startFront(stack.endpoint, (...call) => interruption?.(...call) ?? false)
  const s3 = new S3Client({ ...stack, credentials, forcePathStyle: true })
  await s3.send(new CreateBucketCommand({ Bucket }))
  const QueueConfigurations = [{ QueueArn, Events: ['s3:ObjectCreated:*' as const] }]
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket,
      NotificationConfiguration: { QueueConfigurations },
      SkipDestinationValidation: true,
    }),
  )
  const lockin = await startLockin({
    env: {
      AWS_ENDPOINT_URL_S3: front.endpoint,
      AWS_REGION: stack.region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      LOCKIN_BUCKET: Bucket,
    },
  })
  const { world } = lockin.web

  const gallery: Gallery = {
    lockin,
    bucket: Bucket,
    open: async (person, content_type = 'image/jpeg') => {
      const url = '/api/profiles/avatar/upload-url'
      const answer = await lockin.as(person, { method: 'POST', url, payload: { content_type } })
      if (answer.statusCode !== 201) throw new Error(answer.body)
      return answer.json()
    },
    post: async ({ upload }, bytes, changed = {}) => {
      const form = new FormData()
      for (const [name, value] of Object.entries({ ...upload.fields, ...changed })) form.append(name, value)
      form.append('file', new Blob([new Uint8Array(bytes)]), 'me.jpg')
      const send = () => fetch(upload.url, { method: 'POST', body: form })
      return untilTold(upload.fields['key'] as string, send, ({ status }) => status === 204)
    },
    hear: async () => {
      const asked: string[] = []
      for (const body of told.splice(0)) {
        const read = readMessage(body)
        if (!('events' in read)) throw new Error(`Cannot be read: ${body}`)
        for (const event of read.events)
          for (const ask of reactTo(event, world.config) ?? []) {
            const { decision } = await world.asking.accept.now(ask, 'trace')
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
        await gallery.hear()
        const open = await statement<{ id: string }>`
          select id from millrace.jobs where state not in ('completed', 'failed', 'cancelled') order by id`.execute(
          lockin.sql,
        )
        if (open.rows.length === 0 && told.length === 0) return
        for (const { id } of open.rows) await world.finish(id)
      }
    },
    upload: async (person, bytes, contentType) => {
      const opened = await gallery.open(person, contentType)
      const { status } = await gallery.post(opened, bytes)
      if (status !== 204) throw new Error(`The form answered ${status}.`)
      await gallery.settle()
      return { ...opened, avatar: await gallery.avatar(person, opened.avatar_id) }
    },
    avatar: async (person, avatarId) =>
      (await lockin.as(person, { url: `/api/profiles/avatar/${avatarId}` })).json(),
    put: async (Key, Body) => {
      const put = () => s3.send(new PutObjectCommand({ Bucket, Key, Body }))
      await untilTold(Key, put, () => true)
    },
    bytes: async (Key) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }))
      return Buffer.from(await Body!.transformToByteArray())
    },
    keys: async () => {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }))
      return Contents.map(({ Key }) => Key as string)
    },
    keyOf: async (person, avatarId, name = 'original') =>
      `avatars/${await lockin.id(person)}/${avatarId}/${name}`,
    jobs: async (name) => {
      const { rows } = await statement<{ id: string }>`
        select id from millrace.jobs where name = ${name} order by id`.execute(lockin.sql)
      return Promise.all(rows.map(({ id }) => world.see(id)))
    },
    interrupt: (by) => {
      interruption = by
    },
    [Symbol.asyncDispose]: async () => {
      await lockin[Symbol.asyncDispose]()
      s3.destroy()
      await front.close()
      await stack.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
  return gallery
}

/** A picture of one colour, as a camera would write it. */
export const portrait = (background: string, size = 600): Promise<Buffer> =>
  sharp({ create: { width: size, height: size / 2, channels: 3, background } })
    .withExif({ IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 3230/100' } })
    .jpeg()
    .toBuffer()

/** The colour in the middle of a picture. */
export async function middleOf(bytes: Buffer): Promise<number[]> {
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true })
  const at = (Math.floor(info.height / 2) * info.width + Math.floor(info.width / 2)) * info.channels
  return [...data.subarray(at, at + 3)]
}
