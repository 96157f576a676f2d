import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import sharp from 'sharp'
import { bucketsOf } from '../../../src/domains/prework/buckets.ts'
import { createUser } from '../../../src/domains/prework/create-user.ts'
import { findMedia } from '../../../src/domains/prework/media/media.ts'
import { openUpload, placeFor } from '../../../src/domains/prework/media/open-upload.ts'
import { uploadOf, type Place as MediaPlace } from '../../../src/domains/prework/media/places.ts'
import { ask } from '../../../src/jobs/define.ts'
import { processMedia } from '../../../src/jobs/prework/process-media.ts'
import { startWatch } from '../../../src/jobs/watch.ts'
import { createLog } from '../../../src/shared/log.ts'
import { openBlockingRedis } from '../../../src/shared/redis.ts'
import { minutes } from '../../../src/shared/time.ts'
import type { Stack } from '../../stack.ts'
import { server } from './acting.ts'
import { insideOf, wantPicture } from './check.ts'
import { inLanes } from './lanes.ts'
import { watchSpending, type Maker } from './maker.ts'
import type { Photo } from './photos.ts'
import { openPlace, type Place } from './place.ts'

/** The whole way of an upload: ledger, worker process, buckets and tables, from the event to `completed`. */
export async function openChain(stack: Stack): Promise<Maker> {
  // What is checked here comes as bytes that lie where others lay before.
  sharp.cache(false)
  const closing = new AsyncDisposableStack()
  try {
    const place = closing.use(await openPlace(stack))
    const worker = stack.start('parts/prework/media-worker.ts', { env: place.env })
    closing.defer(() => worker.end())
    const log = createLog({ level: 'warn', process: 'bench media' })
    const subscriber = openBlockingRedis(stack.redis.url, log)
    const watch = await startWatch({ run: place.asking.database.run, subscriber, log })
    closing.defer(() => watch.close())
    await worker.says('up')
    const { user } = await createUser(place.store, server, ada)
    const stores = [...Object.values(stack.pids), ...Object.values(place.pids)]

    /** As the reaction to S3's event asks for it. */
    const process = async (arrived: MediaPlace): Promise<void> => {
      const asked = ask(processMedia, { ...arrived, bucket: 'uploads', writing: 'the first' })
      const { id } = await place.asking.accept.now(asked, 'f'.repeat(32))
      const row = await watch.until(id, ({ state }) => settled.has(state), minutes(2))
      if (row?.state !== 'completed') throw new Error(`A photograph's job was ${row?.state}.`)
    }
    return {
      make: async (photos, atOnce) => {
        const arrived: MediaPlace[] = []
        for (const photo of photos) arrived.push(await upload(place, user.userId, photo))
        using spending = watchSpending(worker.pid, stores)
        const timed = await inLanes(arrived, atOnce, process)
        const spent = spending.of(photos.length)
        for (const [index, each] of arrived.entries()) await check(place, each, photos[index] as Photo)
        // What follows from these is not what comes next.
        await untilIdle(place)
        return { ...timed, ...spent }
      },
      [Symbol.asyncDispose]: () => closing.disposeAsync(),
    }
  } catch (error) {
    await closing.disposeAsync()
    throw error
  }
}

const settled = new Set(['completed', 'failed', 'cancelled'])

const ada = {
  email: 'ada@example.org',
  username: 'ada',
  role: 'user',
  firstName: 'Ada',
  lastName: 'Lovelace',
  jobTitle: 'Analyst',
  department: 'Engines',
} as const

/** As the API opens it and a browser fills it. */
async function upload({ store, s3 }: Place, userId: string, photo: Photo): Promise<MediaPlace> {
  const place = await placeFor(store, server, userId)
  const uploadUntil = new Date(Date.now() + minutes(60)).toISOString()
  const asked = { place, fileName: 'photo.jpeg', contentType: 'image/jpeg', uploadUntil } as const
  await openUpload(store, server, asked)
  const Bucket = bucketsOf('dev').uploads
  const Body = await readFile(photo.file)
  await s3.send(new PutObjectCommand({ Bucket, Key: uploadOf(place), Body, ContentType: 'image/jpeg' }))
  return place
}

/** The cleaning up that follows is done by the same worker. */
async function untilIdle({ asking }: Place): Promise<void> {
  const until = performance.now() + minutes(1)
  for (;;) {
    const [left] = await asking.database.run<{ jobs: number }>(unsettled, [])
    if (left?.jobs === 0) return
    if (performance.now() > until) throw new Error(`${left?.jobs} jobs were not settled within a minute.`)
    await sleep(20)
  }
}

const unsettled = {
  name: 'bench.unsettled-media',
  text: `select count(*)::int as jobs from millrace.jobs where state not in ('completed', 'failed', 'cancelled')`,
}

/** As `picture-maker.ts` checks what others made. */
async function check({ store, s3 }: Place, { mediaId }: MediaPlace, photo: Photo): Promise<void> {
  const media = await findMedia(store, mediaId)
  const { file } = media ?? {}
  if (media?.uploadStatus !== 'completed' || !file?.thumbnails)
    throw new Error(`A photograph ended ${media?.uploadStatus}, ${media?.problem ?? 'without thumbnails'}.`)
  const { thumbnails, uploads } = bucketsOf('dev')
  await wantPicture(await read(s3, uploads, file.key), photo)
  await wantPicture(await read(s3, thumbnails, file.thumbnails.large.key), insideOf(photo))
  await wantPicture(await read(s3, thumbnails, file.thumbnails.small.key), { width: 300, height: 300 })
}

async function read(s3: Place['s3'], Bucket: string, Key: string): Promise<Uint8Array> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }))
  if (!Body) throw new Error(`${Key} has no body.`)
  return Body.transformToByteArray()
}
