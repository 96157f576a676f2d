import { createHash } from 'node:crypto'
import { mkdir, readdir } from 'node:fs/promises'
import path from 'node:path'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Media, StoredFile } from '../../../src/domains/prework/media/media.ts'
import { fileOf, thumbnailOf, uploadOf } from '../../../src/domains/prework/media/places.ts'
import { ask } from '../../../src/jobs/define.ts'
import { expireUpload } from '../../../src/jobs/prework/expire-upload.ts'
import { processMedia } from '../../../src/jobs/prework/process-media.ts'
import { removeMediaObjects } from '../../../src/jobs/prework/remove-media-objects.ts'
import { openBlockingRedis } from '../../../src/shared/redis.ts'
import { plain } from '../../shared/images/made-pictures.ts'
import { answered } from '../../shared/dynamodb/trouble.ts'
import { denied, on, startUploads, type Uploads } from './uploads.ts'

let uploads: Uploads
beforeAll(async () => {
  uploads = await startUploads()
})
afterAll(() => uploads[Symbol.asyncDispose]())
afterEach(() => {
  uploads.interrupt(undefined)
  uploads.trouble.always(undefined)
})

const photo = await plain(64, 48).jpeg().toBuffer()
const sha256Of = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')
const actionsOf = async (media: Media) => (await uploads.trail(media)).map(({ action }) => action)
const forget = ({ mediaId }: Media) =>
  uploads.store.documents.transact([{ Delete: { TableName: uploads.store.tables.media, Key: { mediaId } } }])
const place = ({ userId, mediaId }: Media) => ({ userId, mediaId })

/** A text that has arrived and is to be looked at. */
async function arrived(text = 'first'): Promise<Media> {
  const media = await uploads.open('text/plain')
  await uploads.fill(media, text)
  await uploads.hear()
  return media
}

/** Once, as soon as S3 is asked to do this, and before it does it. */
function justBefore(
  method: string,
  bucket: 'uploads' | 'documents' | 'thumbnails',
  end: string,
  act: () => Promise<unknown>,
) {
  let acted: Promise<unknown> | undefined
  uploads.interrupt(
    on(method, bucket, end, (incoming, response) => {
      if (acted) return false
      acted = act().then(() => {
        response.writeHead(503).end() // which is tried again at once
      })
      void incoming.resume()
      return true
    }),
  )
}

describe('a form that is filled a second time with other bytes', () => {
  const expectFirst = async (media: Media, text: string) => {
    const now = (await uploads.now(media)) as Media
    const { key, sha256, bytes } = now.file as StoredFile
    expect(now.uploadStatus).toBe('completed')
    expect(sha256).toBe(sha256Of(text))
    expect(bytes).toBe(text.length)
    expect((await uploads.bytes('documents', key)).toString()).toBe(text)
    expect(await uploads.left(media)).toEqual([`documents ${key}`])
    expect(await actionsOf(media)).toEqual(['complete'])
  }

  test('before it was looked at is what was uploaded', async () => {
    const media = await arrived('first')
    await uploads.fill(media, 'second')
    await uploads.settle()

    await expectFirst(media, 'second')
  })

  test('while it is looked at never comes under the digest of the first', async () => {
    const media = await arrived('first')
    justBefore('PUT', 'documents', fileOf(media, sha256Of('first')), () => uploads.fill(media, 'second'))
    await uploads.settle()

    await expectFirst(media, 'second')
    expect(await uploads.job(media)).toMatchObject({ state: 'completed' })
  })

  test('once it has been looked at changes nothing, and goes', async () => {
    const media = await arrived('first')
    await uploads.settle()
    await uploads.fill(media, 'second')
    await uploads.settle()

    await expectFirst(media, 'first')
    expect(await uploads.job(media)).toMatchObject({ round: 2, result: { outcome: 'late' } })
  })

  test('after it was refused is not looked at, and goes', async () => {
    const media = await arrived('a\0b')
    await uploads.settle()
    await uploads.fill(media, 'second')
    await uploads.settle()

    expect(await uploads.now(media)).toMatchObject({ uploadStatus: 'failed', problem: 'wrong-type' })
    expect(await uploads.left(media)).toEqual([])
  })
})

test('the same news again are no news, and the same work again changes nothing', async () => {
  const media = await arrived()
  await uploads.settle()
  const { data } = await dataOf(media)
  const again = await uploads.world.asking.accept.now(ask(processMedia, data as never), 'trace')
  expect(again).toMatchObject({ decision: 'stands', round: 1 })

  const before = await uploads.now(media)
  const redone = await uploads.world.work(ask(processMedia, data as never, { again: 'afterSettled' }))

  expect(redone).toMatchObject({ round: 2, result: { outcome: 'completed' } })
  expect(await uploads.now(media)).toEqual(before)
  expect(await actionsOf(media)).toEqual(['complete'])
})

const dataOf = async ({ mediaId }: Media) => {
  const { rows } = await sql<{ id: string; data: object }>`
    select id, data from millrace.jobs where name = 'prework.process-media' and key = ${mediaId}`.execute(
    uploads.world.database.sql,
  )
  return rows[0] as { id: string; data: object }
}

describe('an upload of which nobody was told', () => {
  test('is found once its form is of no use, and processed', async () => {
    const media = await uploads.open('text/plain')
    await uploads.fill(media, 'unheard')
    uploads.forget()

    const looked = await uploads.world.work(ask(expireUpload, place(media)))
    await uploads.settle()

    expect(looked).toMatchObject({ result: { outcome: 'unheard' } })
    expect(await uploads.now(media)).toMatchObject({ uploadStatus: 'completed' })
  })

  test('and that never arrived is forgotten, with an entry that says so', async () => {
    const media = await uploads.open('text/plain')

    const looked = await uploads.world.work(ask(expireUpload, place(media)))
    await uploads.settle()

    expect(looked).toMatchObject({ result: { outcome: 'expired' } })
    expect(await uploads.now(media)).toBeUndefined()
    expect(await uploads.trail(media)).toEqual([
      expect.objectContaining({
        action: 'expire',
        userId: 'server',
        before: expect.objectContaining({ uploadStatus: 'uploading', fileName: 'Ada at home' }),
        userAgent: 'prework.expire-upload',
      }),
    ])
    // And what comes after all is nobody's.
    await uploads.fill(media, 'late')
    await uploads.settle()
    expect(await uploads.job(media)).toMatchObject({ result: { outcome: 'late' } })
    expect(await uploads.left(media)).toEqual([])
  })

  test('is left alone when it has been processed, and is nobody else’s', async () => {
    const media = await arrived()
    await uploads.settle()
    const stranger = { ...place(media), userId: (await uploads.open('text/plain')).userId }
    const opened = await uploads.open('text/plain')

    const [own, foreign] = [
      await uploads.world.work(ask(expireUpload, place(media))),
      await uploads.world.work(ask(expireUpload, { ...stranger, mediaId: opened.mediaId })),
    ]

    expect([own.result, foreign.result]).toEqual([{ outcome: 'settled' }, { outcome: 'settled' }])
    expect(await uploads.now(media)).toMatchObject({ uploadStatus: 'completed' })
    expect(await uploads.now(opened)).toMatchObject({ uploadStatus: 'uploading' })
  })
})

test('news of an object that is gone change nothing', async () => {
  const media = await uploads.open('text/plain')
  const job = await uploads.world.work(
    ask(processMedia, { ...place(media), bucket: 'documents', writing: 'w' }),
  )
  expect(job).toMatchObject({ state: 'completed', result: { outcome: 'absent' } })
  expect(await uploads.now(media)).toEqual(media)
})

test('an object at somebody else’s place is nobody’s, and goes', async () => {
  const media = await uploads.open('text/plain')
  const elsewhere = { ...media, userId: (await uploads.open('text/plain')).userId }
  await uploads.put('documents', uploadOf(elsewhere), 'hello')
  await uploads.settle()

  expect(await uploads.left(elsewhere)).toEqual([])
  expect(await uploads.now(media)).toEqual(media)
})

test('one that is removed while it is processed leaves no object', async () => {
  const media = await uploads.open('image/jpeg')
  await uploads.fill(media, photo)
  await uploads.hear()
  justBefore('PUT', 'thumbnails', 'large.webp', async () => {
    await forget(media)
    await uploads.world.work(ask(removeMediaObjects, { ...place(media), when: 'now' }))
  })
  await uploads.settle()

  expect(await uploads.job(media)).toMatchObject({ result: { outcome: 'late' } })
  expect([await uploads.left(media), await actionsOf(media)]).toEqual([[], []])
})

describe('one that is removed', () => {
  /** Holds the next transaction back until this has happened. */
  const before = async (act: () => Promise<unknown>, work: () => Promise<unknown>) => {
    const held = Promise.withResolvers<void>()
    const from = uploads.trouble.seen().length
    uploads.trouble.on('TransactWriteItems', { heldUntil: held.promise })
    const working = work()
    const isHeld = () =>
      uploads.trouble
        .seen()
        .slice(from)
        .some(({ operation }) => operation === 'TransactWriteItems')
    await expect.poll(isHeld, patience).toBe(true)
    await act()
    held.resolve()
    await working
  }

  test('at the moment it is to be said that it is complete is not brought back', async () => {
    const media = await arrived()
    await before(
      () => forget(media),
      () => uploads.settle(),
    )

    expect(await uploads.job(media)).toMatchObject({ result: { outcome: 'late' } })
    expect(await uploads.now(media)).toBeUndefined()
    expect([await uploads.left(media), await actionsOf(media)]).toEqual([[], []])
  })

  test('for want of an upload stays when it was completed at that moment', async () => {
    const media = await uploads.open('text/plain')
    await before(
      async () => {
        await uploads.put('documents', uploadOf(media), 'just in time')
        await uploads.hear()
        await uploads.world.finish((await dataOf(media)).id)
      },
      () => uploads.world.work(ask(expireUpload, place(media))),
    )
    await uploads.settle()

    expect(await uploads.now(media)).toMatchObject({ uploadStatus: 'completed' })
    expect(await actionsOf(media)).toEqual(['complete'])
  })
})

describe('a failure for good', () => {
  test('of S3 takes back what was made, everywhere, and says so', async () => {
    const media = await uploads.open('image/jpeg')
    await uploads.fill(media, photo)
    await uploads.hear()
    const sha256 = sha256Of(photo)
    let stored: string[] = []
    uploads.interrupt(
      on('PUT', 'thumbnails', 'large.webp', (incoming, response) => {
        void uploads.left(media).then((keys) => {
          stored = keys
          denied(incoming, response)
        })
        return true
      }),
    )

    const { id } = await dataOf(media)
    await sql`update millrace.jobs set max_attempts = 2 where id = ${id}`.execute(uploads.world.database.sql)

    const failed = await uploads.world.finish(id)

    expect(stored, 'there was something to take back').toEqual(
      [
        `thumbnails ${thumbnailOf(media, sha256, 'small')}`,
        `uploads ${fileOf(media, sha256)}`,
        `uploads ${uploadOf(media)}`,
      ].sort(),
    )
    expect(failed).toMatchObject({ state: 'failed', error: { code: 'AccessDenied' } })
    expect(await uploads.left(media), 'by the undo').toEqual([])
    expect(await uploads.now(media)).toMatchObject({ uploadStatus: 'failed', problem: 'could-not-process' })
    expect(await actionsOf(media)).toEqual(['fail'])
    await uploads.settle()
    expect(await uploads.job(media, 'prework.remove-media-objects')).toMatchObject({ state: 'completed' })
  })

  test('whose undo cannot reach the tables is undone once it can', async () => {
    const media = await arrived()
    const { id } = await dataOf(media)
    const { world } = uploads
    await sql`update millrace.jobs set max_attempts = attempts + 1 where id = ${id}`.execute(
      world.database.sql,
    )
    const { runner } = await world.running()
    const unfit = answered(400, 'ValidationException')
    uploads.trouble.always(unfit)
    for (const state of ['undoing', 'undoing'] as const) {
      const { ticket } = await world.see(id)
      await sql`update millrace.jobs set run_at = now() where id = ${id}`.execute(world.database.sql)
      await runner.take({ id, ticket })
      expect(await world.see(id)).toMatchObject({ state })
    }
    expect(await uploads.now(media)).toMatchObject({ uploadStatus: 'uploading' })
    uploads.trouble.always(undefined)

    const failed = await world.finish(id)

    expect(failed).toMatchObject({ state: 'failed' })
    expect(await uploads.now(media)).toMatchObject({ uploadStatus: 'failed', problem: 'could-not-process' })
    expect([await uploads.left(media), await actionsOf(media)]).toEqual([[], ['fail']])
  })

  test('that comes after it was completed spares what is kept', async () => {
    const media = await arrived()
    await uploads.settle()
    const before = await uploads.now(media)
    await uploads.fill(media, 'second')
    await uploads.hear()
    const { id } = await dataOf(media)
    const { world } = uploads
    await sql`update millrace.jobs set max_attempts = attempts + 1 where id = ${id}`.execute(
      world.database.sql,
    )
    uploads.trouble.on('GetItem', answered(400, 'ValidationException'))

    const failed = await world.finish(id)

    expect(failed).toMatchObject({ state: 'failed' })
    expect(await uploads.now(media)).toEqual(before)
    expect(await uploads.left(media)).toEqual([`documents ${before?.file?.key}`])
  })
})

test('tables that have too much to do for a while are asked again, and it is completed once', async () => {
  const media = await arrived()
  const throttled = answered(400, 'ProvisionedThroughputExceededException')
  uploads.trouble.next(throttled, throttled, throttled)
  uploads.trouble.on('TransactWriteItems', throttled)
  await uploads.settle()

  expect(await uploads.job(media)).toMatchObject({ state: 'completed', attempts: 1 })
  expect(await actionsOf(media)).toEqual(['complete'])
})

test('a transaction whose answer was lost is known to have been made', async () => {
  const media = await arrived()
  uploads.trouble.on('TransactWriteItems', 'lose the answer')
  await uploads.settle()

  expect(await uploads.job(media)).toMatchObject({ result: { outcome: 'completed' } })
  expect(await actionsOf(media)).toEqual(['complete'])
})

describe('what is asked to be removed', () => {
  test('stays while it is awaited, and what is kept stays', async () => {
    const [waiting, kept] = [await arrived(), await arrived()]
    await uploads.world.finish((await dataOf(kept)).id)
    await uploads.fill(kept, 'late')
    await uploads.put('thumbnails', thumbnailOf(kept, sha256Of('x'), 'small'), 'of an earlier attempt')

    const [nothing, some] = [
      await uploads.world.work(ask(removeMediaObjects, { ...place(waiting), when: 'now' })),
      await uploads.world.work(ask(removeMediaObjects, { ...place(kept), when: 'later' })),
    ]

    expect([nothing.result, some.result]).toEqual([{ objects: 0 }, { objects: 2 }])
    expect(await uploads.left(waiting)).toEqual([`documents ${uploadOf(waiting)}`])
    expect(await uploads.left(kept)).toEqual([`documents ${(await uploads.now(kept))?.file?.key}`])
    await uploads.settle()
  })

  test('goes from every bucket when there is nothing known of it', async () => {
    const media = await uploads.upload('image/jpeg', photo)
    expect(await uploads.left(media)).toHaveLength(3)
    await forget(media)

    const job = await uploads.world.work(ask(removeMediaObjects, { ...place(media), when: 'now' }))

    expect(job.result).toEqual({ objects: 3 })
    expect(await uploads.left(media)).toEqual([])
  })
})

test('nothing of it stays on the disk, and nothing of its name or place in ledger and Redis', async () => {
  const scratch = path.join(uploads.world.directory, 'scratch')
  await mkdir(scratch)
  vi.stubEnv('TMPDIR', scratch)
  await uploads.uploadAll([
    ['image/jpeg', photo],
    ['image/jpeg', 'no picture'],
  ])
  vi.unstubAllEnvs()

  expect(await readdir(scratch)).toEqual([])
  const { rows } = await sql<{ all: string }>`
    select (select json_agg(j)::text from millrace.jobs j) as all`.execute(uploads.world.database.sql)
  expect(rows[0]?.all).toContain('prework.process-media')
  expect(rows[0]?.all).not.toMatch(/Ada at home|uploads\/|media\//)
  const redis = await allOfRedis()
  expect(redis.length).toBeGreaterThan(2)
  expect(redis).not.toMatch(/Ada at home|uploads\/|media\//)
})

async function allOfRedis(): Promise<string> {
  const { config, log } = uploads.world
  const redis = openBlockingRedis(config.redis.url, log)
  const readers: Record<string, (key: string) => Promise<unknown>> = {
    hash: (key) => redis.hgetall(key),
    string: (key) => redis.get(key),
    list: (key) => redis.lrange(key, 0, -1),
    set: (key) => redis.smembers(key),
    zset: (key) => redis.zrange(key, '0', '-1'),
    stream: (key) => redis.xrange(key, '-', '+'),
  }
  const all: unknown[] = []
  for (const key of await redis.keys('*')) all.push([key, await readers[await redis.type(key)]?.(key)])
  await redis.quit()
  return JSON.stringify(all)
}

test('a worker killed between storing and saying so leaves one entry and nothing over', async () => {
  const media = await uploads.open('image/jpeg')
  const { world } = uploads
  // The transaction of the first worker never gets through.
  uploads.trouble.on('TransactWriteItems', { heldUntil: new Promise(() => undefined) })
  const from = uploads.trouble.seen().length
  const isHeld = () =>
    uploads.trouble
      .seen()
      .slice(from)
      .some(({ operation }) => operation === 'TransactWriteItems')
  const start = () => world.start('src/workers/main.ts', ['media', 'maintenance'], { LOG_LEVEL: 'debug' })

  const first = start()
  await uploads.fill(media, photo)
  await uploads.hear()
  await expect.poll(isHeld, patience).toBe(true)
  expect(await uploads.left(media), 'the upload and all that was made of it').toHaveLength(4)
  first.signal('SIGKILL')
  await first.exited
  // Another picture is there by now: what was stored of the first is of no use any more.
  const other = await plain(32, 32).jpeg().toBuffer()
  await uploads.fill(media, other)
  uploads.forget()
  // Leases lapse by the Postgres clock; the test moves it instead of waiting.
  await sql`update millrace.leases set valid_until = now() - interval '1 second'`.execute(world.database.sql)
  const second = start()
  await expect.poll(async () => (await uploads.now(media))?.uploadStatus, patience).toBe('completed')
  await expect.poll(async () => (await uploads.left(media)).length, patience).toBe(3)

  const now = (await uploads.now(media)) as Media
  expect(now.file?.sha256).toBe(sha256Of(other))
  expect(await uploads.left(media)).toContain(`uploads ${fileOf(media, sha256Of(other))}`)
  expect(await actionsOf(media)).toEqual(['complete'])
  second.signal('SIGTERM')
  await second.exited
  const said = first.output() + second.output()
  expect(said).toContain('prework.process-media')
  expect(said).not.toMatch(/Ada at home|uploads\/[0-9a-f]{8}-|media\/[0-9a-f]{8}-/)
})

const patience = { timeout: 40_000, interval: 50 }
