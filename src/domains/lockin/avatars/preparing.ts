import path from 'node:path'
import { sql } from 'kysely'
import { TooLarge, type Bucket } from '../../../shared/bucket.ts'
import type { Sql, Tx } from '../../../shared/database.ts'
import { reencodeImage } from '../../../shared/images/reencode.ts'
import { inScratch } from '../../../shared/scratch.ts'
import { BYTES_AT_MOST } from './forms.ts'
import { originalOf, pictureOf, type Place } from './places.ts'
import type { Problem } from './problems.ts'

/**
 * What was found where a picture is said to have arrived. `late`: nobody waits for one there (any more). `absent`: there
 * is no object.
 */
export type Prepared = 'ready' | { refused: Problem } | 'late' | 'absent'

/** Square, and large enough for the sharpest screens. */
const SIDE = 512

/**
 * Makes the picture that will be shown of what was uploaded, and puts it beside it. It is written once: whoever comes
 * second finds it there and leaves it. Nothing of it stays on the disk.
 * @throws the signal's reason, or an error of S3 or this machine: try again
 */
export async function preparePicture(
  place: Place,
  { db, bucket, signal }: { db: Sql; bucket: Bucket; signal: AbortSignal },
): Promise<Prepared> {
  if (!(await isAwaited(db, place))) return 'late'
  return inScratch(async (directory): Promise<Prepared> => {
    const [original, picture] = [path.join(directory, 'original'), path.join(directory, 'picture.webp')]
    try {
      const options = { maxBytes: BYTES_AT_MOST, signal }
      if (!(await bucket.download(originalOf(place), original, options))) return 'absent'
    } catch (error) {
      if (error instanceof TooLarge) return { refused: 'too-large' }
      throw error
    }
    const output = {
      file: picture,
      width: SIDE,
      height: SIDE,
      fit: 'cover',
      format: 'webp',
      quality: 82,
    } as const
    const made = await reencodeImage(original, [output], { signal })
    if ('problem' in made) return { refused: made.problem }
    const shown = { contentType: 'image/webp', cacheControl: 'private, max-age=3600', ifAbsent: true }
    await bucket.upload(pictureOf(place), picture, { ...shown, signal })
    return 'ready'
  })
}

/** Writes down what came of it; false when meanwhile nobody waits for it any more. */
export async function settlePicture(
  tx: Tx,
  { profileId, avatarId }: Place,
  prepared: 'ready' | { refused: Problem },
): Promise<boolean> {
  const [state, problem] = prepared === 'ready' ? ['ready', null] : ['refused', prepared.refused]
  const { numAffectedRows } = await sql`
    update lockin.avatars set state = ${state}::lockin.avatar_state, problem = ${problem}, settled_at = now()
    where id = ${avatarId} and profile_id = ${profileId} and state = 'uploading' and dropped_at is null`.execute(
    tx,
  )
  return numAffectedRows === 1n
}

/** Removes the picture unless it is shown. */
export async function discardPicture(
  place: Place,
  { db, bucket, signal }: { db: Sql; bucket: Bucket; signal: AbortSignal },
): Promise<void> {
  const { rows } = await sql`
    select from lockin.avatars where id = ${place.avatarId} and state = 'ready'`.execute(db)
  if (rows.length === 0) await bucket.remove(pictureOf(place), signal)
}

async function isAwaited(db: Sql, { profileId, avatarId }: Place): Promise<boolean> {
  const { rows } = await sql`
    select from lockin.avatars
    where id = ${avatarId} and profile_id = ${profileId} and state = 'uploading' and dropped_at is null`.execute(
    db,
  )
  return rows.length > 0
}
