import { sql } from 'kysely'
import type { Sql, Tx } from '../../shared/database.ts'
import { pictureOf } from './avatars/places.ts'
import type { Problem } from './avatars/problems.ts'

/** What is to be asked for when pictures of somebody were dropped: the data of the job that removes them. */
export interface Drop {
  profileId: string
}

/** Where everybody sees a picture. Its id is not to be guessed, and whoever was told it may look. */
export const avatarUrlOf = (avatarId: string): string => `/lockin/avatars/${avatarId}.webp`

/** How far a picture is, for the person who uploads it. */
export interface Avatar {
  id: string
  state: 'uploading' | 'ready' | 'refused'
  problem: Problem | null
}

/** Undefined for one that is not theirs, or was dropped. */
export async function findAvatar(
  db: Sql,
  { profileId, avatarId }: { profileId: string; avatarId: string },
): Promise<Avatar | undefined> {
  const { rows } = await sql<Avatar>`
    select id, state, problem from lockin.avatars
    where id = ${avatarId} and profile_id = ${profileId} and dropped_at is null`.execute(db)
  return rows[0]
}

/** Where in the bucket a picture is that everybody may see; undefined unless it is ready. */
export async function findPicture(db: Sql, avatarId: string): Promise<string | undefined> {
  const { rows } = await sql<{ profileId: string }>`
    select profile_id as "profileId" from lockin.avatars
    where id = ${avatarId} and state = 'ready' and dropped_at is null`.execute(db)
  return rows[0] && pictureOf({ profileId: rows[0].profileId, avatarId })
}

/**
 * Sets somebody's picture, or takes it away, and drops the one before. Asking for what is already so changes nothing.
 * Refuses what is not the address of a picture of theirs with 400, and one that is not ready, or not any more, with 409.
 * @returns what to ask `lockin.drop-avatars` for, in the same transaction
 */
export async function setAvatar(tx: Tx, profileId: string, avatarUrl: string | null): Promise<Drop[]> {
  const before = await holdProfile(tx, profileId)
  if (before === avatarUrl) return []
  if (avatarUrl !== null) await requireReady(tx, profileId, avatarUrl)
  await sql`
    update lockin.profiles set avatar_url = ${avatarUrl}, updated_at = now() where id = ${profileId}`.execute(
    tx,
  )
  const old = before === null ? undefined : idIn(before)
  if (old === undefined) return []
  await sql`
    update lockin.avatars set dropped_at = now()
    where id = ${old} and profile_id = ${profileId} and dropped_at is null`.execute(tx)
  return [{ profileId }]
}

/** Two that set a picture at once do so one after the other, and the first one's is the one before. */
async function holdProfile(tx: Tx, profileId: string): Promise<string | null> {
  const { rows } = await sql<{ avatar_url: string | null }>`
    select avatar_url from lockin.profiles where id = ${profileId} for no key update`.execute(tx)
  const [row] = rows
  if (!row) throw new Error('There is no such profile.')
  return row.avatar_url
}

/** Holds the picture as well: whoever would drop it in this moment waits, and finds it in use. */
async function requireReady(tx: Tx, profileId: string, avatarUrl: string): Promise<void> {
  const { rows } = await sql<{ ready: boolean }>`
    select state = 'ready' and dropped_at is null as ready from lockin.avatars
    where id = ${idIn(avatarUrl) ?? null} and profile_id = ${profileId} for no key update`.execute(tx)
  const [row] = rows
  if (!row) await refuse(tx, 400, 'invalid-field', 'avatar_url: is not the address of a picture of yours.')
  else if (!row.ready) await refuse(tx, 409, 'avatar-not-ready', 'This picture is not ready to be used.')
}

const idIn = (avatarUrl: string): string | undefined =>
  /^\/lockin\/avatars\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.webp$/.exec(avatarUrl)?.[1]

async function refuse(db: Sql, status: number, code: string, message: string): Promise<void> {
  await sql`select lockin.refuse(${status}::integer, ${code}, ${message})`.execute(db)
}
