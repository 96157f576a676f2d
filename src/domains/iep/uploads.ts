import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Sql, Tx } from '../../shared/database.ts'
import { safeFileName } from './file-name.ts'

/** A place in the bucket that a parent may fill within the hour. */
export interface Upload {
  iepId: string
  childId: string
  key: string
  fileName: string
}

/** A child has one document; whoever opens more places than this has given up on the first. */
export const OPEN_AT_MOST = 10

/** Where a document is kept: `<userId>/<childId>/<iepId>/<fileName>`. Never made of anything but ids and a safe name. */
export const objectKeyOf = (place: { userId: string; childId: string; iepId: string; fileName: string }) =>
  `${place.userId}/${place.childId}/${place.iepId}/${place.fileName}`

/** Opens a place for a held child; when there are ten already, the oldest is closed. */
export async function openUpload(
  tx: Tx,
  { userId, childId, ...given }: { userId: string; childId: string; fileName: string },
): Promise<Upload> {
  await sql`
    delete from iep.uploads where iep_id in (
      select iep_id from iep.uploads where child_id = ${childId}
      order by created_at desc, iep_id offset ${OPEN_AT_MOST - 1})`.execute(tx)

  const iepId = randomUUID()
  const fileName = safeFileName(given.fileName)
  const key = objectKeyOf({ userId, childId, iepId, fileName })
  await sql`
    insert into iep.uploads (iep_id, child_id, user_id, object_key, file_name, created_at, expires_at)
    select ${iepId}, ${childId}, ${userId}, ${key}, ${fileName}, at, at + interval '1 hour'
    from (select clock_timestamp() as at) as now`.execute(tx)
  return { iepId, childId, key, fileName }
}

/** An upload that was opened before and still waits for its file. */
export async function findUpload(db: Sql, iepId: string): Promise<Upload | undefined> {
  const found = await sql<Upload>`
    select iep_id as "iepId", child_id as "childId", object_key as key, file_name as "fileName"
    from iep.uploads where iep_id = ${iepId} and expires_at > now()`.execute(db)
  return found.rows[0]
}
