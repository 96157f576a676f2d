import { randomUUID } from 'node:crypto'
import { sql as statement } from 'kysely'
import type { Media } from '../../../../src/domains/prework/media/media.ts'
import { fileOf, thumbnailOf, uploadOf } from '../../../../src/domains/prework/media/places.ts'
import { mediaTypes, type MediaType } from '../../../../src/domains/prework/media/types.ts'
import type { User } from '../../../../src/domains/prework/items.ts'
import { readMessage } from '../../../../src/ingress/messages/read.ts'
import { reactTo } from '../../../../src/ingress/reactions.ts'
import type { Prework } from './people.ts'

/** What a person was given to upload something with. */
export interface Opened {
  media: Pick<Media, 'mediaId' | 'userId' | 'uploadStatus' | 'fileName' | 'contentType' | 'version'>
  upload: { method: string; url: string; fields?: Record<string, string>; headers?: Record<string, string> }
  expiresIn: number
}

export const mediaUrl = (query: Record<string, string | number>): string =>
  `/api/media?${Object.entries(query)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')}`

export async function open(
  prework: Prework,
  who: User,
  query: Record<string, string | number> = {},
): Promise<Opened> {
  const url = mediaUrl({ fileName: 'ada.jpg', contentType: 'image/jpeg', ...query })
  const answer = await prework.as(who, { url })
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.json()
}

/** Fills the form, or puts what the address is for, as a browser does; S3 has told of it then, if it took it. */
export function send(
  { buckets }: Prework,
  { media, upload }: Opened,
  bytes: Buffer,
  changed: Record<string, string> = {},
): Promise<Response> {
  const form = () => {
    const filled = new FormData()
    for (const [name, value] of Object.entries({ ...upload.fields, ...changed })) filled.append(name, value)
    filled.append('file', new Blob([new Uint8Array(bytes)]), 'ada.jpg')
    return filled
  }
  const request =
    upload.fields === undefined
      ? { method: 'PUT', headers: { ...upload.headers, ...changed }, body: new Uint8Array(bytes) }
      : { method: 'POST', body: form() }
  return buckets.untilTold(
    uploadOf(media),
    () => fetch(upload.url, request),
    ({ ok }) => ok,
  )
}

/** Everything that S3 has told of and nobody has heard: read and asked for as the process that listens does. */
export async function hear({ web: { world }, buckets }: Prework): Promise<string[]> {
  const asked: string[] = []
  for (const body of buckets.hear()) {
    const read = readMessage(body)
    if (!('events' in read)) throw new Error(`Cannot be read: ${body}`)
    for (const event of read.events)
      for (const ask of reactTo(event, world.config) ?? []) {
        const { decision } = await world.asking.accept.now(ask, 'trace')
        asked.push(`${ask.job.name} ${decision}`)
      }
  }
  return asked
}

/** Hears what there is to hear and runs the jobs of these files, and those that follow, until all of them have settled. */
export async function settle(prework: Prework, ...mediaIds: string[]): Promise<void> {
  const { world } = prework.web
  for (;;) {
    await hear(prework)
    const open = await statement<{ id: string }>`
      select id from millrace.jobs
      where data->>'mediaId' = any(${mediaIds}) and name <> 'prework.expire-upload'
        and state not in ('completed', 'failed', 'cancelled') order by id`.execute(world.database.sql)
    if (open.rows.length === 0) return
    for (const { id } of open.rows) await world.finish(id)
  }
}

/** The jobs there are of a file. */
export async function jobsOf({ web: { world } }: Prework, mediaId: string) {
  const { rows } = await statement<{ job: string; state: string; data: object; minutes: number }>`
    select name || coalesce(' ' || (data->>'when'), '') as job, state, data,
      round(extract(epoch from run_at - now()) / 60)::int as minutes
    from millrace.jobs where data->>'mediaId' = ${mediaId} order by job`.execute(world.database.sql)
  return rows
}

/** A file of somebody that is there, as if it had been uploaded and looked at. */
export async function completed(
  { store, buckets }: Pick<Prework, 'store' | 'buckets'>,
  { userId }: Pick<User, 'userId'>,
  fields: Partial<Media> = {},
  bytes = Buffer.from('what Ada keeps'),
): Promise<Media> {
  const { contentType = 'image/jpeg' satisfies MediaType, mediaId = randomUUID() } = fields
  const place = { userId, mediaId }
  const sha256 = 'ad'.repeat(32)
  const { kind, bucket } = mediaTypes[contentType]
  const thumbnail = (size: 'small' | 'large', width: number) => ({
    key: thumbnailOf(place, sha256, size),
    width,
    height: width,
  })
  const pictured = {
    width: 1600,
    height: 1600,
    thumbnails: { small: thumbnail('small', 300), large: thumbnail('large', 1200) },
  }
  const key = fileOf(place, sha256)
  const now = new Date().toISOString()
  const media: Media = {
    ...place,
    fileName: 'ada.jpg',
    contentType,
    uploadStatus: 'completed',
    uploadUntil: now,
    file: { key, bytes: bytes.length, sha256, ...(kind === 'image' ? pictured : {}) },
    version: 2,
    createdAt: now,
    createdBy: userId,
    updatedAt: now,
    updatedBy: 'server',
    ...fields,
  }
  await store.documents.putMany(store.tables.media, [{ ...media }])
  await buckets.put(bucket, key, bytes, contentType)
  if (kind === 'image')
    for (const { key: at } of Object.values(pictured.thumbnails))
      await buckets.put('thumbnails', at, Buffer.from('webp'), 'image/webp')
  return media
}
