import { sql } from 'kysely'
import type { Bucket } from '../../../shared/bucket.ts'
import type { Sql, Tx } from '../../../shared/database.ts'
import { minutes } from '../../../shared/time.ts'
import type { Drop } from '../avatars.ts'
import { originalOf, type Place } from './places.ts'

/** What may be uploaded; what arrives is looked at once more. */
export const contentTypes = ['image/jpeg', 'image/png', 'image/webp', 'image/gif'] as const
export const BYTES_AT_MOST = 5 * 2 ** 20

/** How long a form may be filled. */
export const FORM_SECONDS = minutes(15) / 1000

/** Whoever has opened more places than this and filled none has given up on the first. */
export const OPEN_AT_MOST = 20

/** Opens a place for a picture. When there are twenty already, the oldest is dropped, and its removal is to be asked for. */
export async function openPlace(tx: Tx, profileId: string): Promise<{ place: Place; drops: Drop[] }> {
  // One after the other for each person, or many at once would each find room.
  await sql`select from lockin.profiles where id = ${profileId} for no key update`.execute(tx)
  const dropped = await sql`
    update lockin.avatars set dropped_at = now() where id in (
      select id from lockin.avatars where profile_id = ${profileId} and state = 'uploading' and dropped_at is null
      order by created_at desc, id offset ${OPEN_AT_MOST - 1})
    returning id`.execute(tx)
  const { rows } = await sql<{ id: string }>`
    insert into lockin.avatars (profile_id, created_at) values (${profileId}, clock_timestamp()) returning id`.execute(
    tx,
  )
  const [opened] = rows
  if (!opened) throw new Error('No place for a picture was made.')
  return { place: { profileId, avatarId: opened.id }, drops: dropped.rows.length > 0 ? [{ profileId }] : [] }
}

/** A place that was opened before and still waits for its picture. */
export async function findPlace(db: Sql, place: Place): Promise<Place | undefined> {
  const { rows } = await sql`
    select from lockin.avatars
    where id = ${place.avatarId} and profile_id = ${place.profileId} and state = 'uploading' and dropped_at is null
      and created_at > now() - ${FORM_SECONDS} * interval '1 second'`.execute(db)
  return rows.length > 0 ? place : undefined
}

/** The form that fills a place: S3 takes only this type, and no more bytes than are wanted. */
export const formFor = (bucket: Bucket, place: Place, contentType: string) =>
  bucket.presignPost({
    key: originalOf(place),
    contentType,
    maxBytes: BYTES_AT_MOST,
    seconds: FORM_SECONDS,
  })
