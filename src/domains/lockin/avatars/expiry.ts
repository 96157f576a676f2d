import { sql } from 'kysely'
import type { Tx } from '../../../shared/database.ts'
import { avatarUrlOf, type Drop } from '../avatars.ts'
import { FORM_SECONDS } from './forms.ts'
import type { Place } from './places.ts'

/** At most this many of a kind in one transaction; the rest goes next time. */
const AT_ONCE = 500

/**
 * Places whose form can be filled no more and of which nothing was heard. Something may have arrived all the same, and
 * the news of it got lost: each is to be looked at once. Whoever comes back after hours looks at the newest.
 */
export async function unheardPlaces(tx: Tx): Promise<Place[]> {
  const { rows } = await sql<Place>`
    select profile_id as "profileId", id as "avatarId" from lockin.avatars
    where state = 'uploading' and dropped_at is null
      and created_at < now() - ${FORM_SECONDS} * interval '1 second' and created_at > now() - interval '3 hours'
    order by created_at desc limit ${AT_ONCE}`.execute(tx)
  return rows
}

/** Drops what nobody will use any more: pictures that never arrived, were refused, or were not set, all after a day. */
export async function dropAbandoned(tx: Tx): Promise<void> {
  // Held first and looked at once more: one that was being set at this moment is seen as set.
  const held = await sql<{ id: string }>`
    select id from lockin.avatars a
    where dropped_at is null and created_at < now() - interval '1 day'
      and (settled_at is null or settled_at < now() - interval '1 day') and not ${isSet}
    order by created_at limit ${AT_ONCE} for no key update skip locked`.execute(tx)
  await sql`
    update lockin.avatars a set dropped_at = now()
    where id = any(${held.rows.map(({ id }) => id)}::uuid[]) and not ${isSet}`.execute(tx)
}

/** Everybody of whom something dropped is left, be it only what is known of it. */
export async function droppedOf(tx: Tx): Promise<Drop[]> {
  const { rows } = await sql<Drop>`
    select profile_id as "profileId" from lockin.avatars where dropped_at is not null
    group by profile_id order by min(dropped_at) limit ${AT_ONCE}`.execute(tx)
  return rows
}

const [before, behind] = avatarUrlOf('*').split('*')
/** Whether the avatar `a` of a statement is the picture of its person. */
const isSet = sql`
  exists (select from lockin.profiles p
    where p.id = a.profile_id and p.avatar_url = ${before}::text || a.id || ${behind}::text)`
