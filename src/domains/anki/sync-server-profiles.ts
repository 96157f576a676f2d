import { Pool } from 'pg'
import { seconds } from '../../shared/time.ts'
import type { Profile } from './profiles.ts'

/**
 * The table `user_profiles` of a sync server that reads its own database. It shares no commit with ours, so it is
 * written last, and every writing may be repeated. A row that a lost commit of ours leaves there is found again by
 * the next initiation; it is never removed, since nothing tells it from a row of the server's own making.
 */
export interface SyncServerProfiles {
  /** Inserts the profile, or renames it unless `keepName`. Takes no unique index on `uuid` for granted. */
  ensure(profile: Profile, options: { keepName: boolean }): Promise<void>
  close(): Promise<void>
}

/** @param url its search_path decides which schema the table is in. */
export function openSyncServerProfiles(url: string): SyncServerProfiles {
  // Together less than an idle transaction of ours may last.
  const pool = new Pool({
    connectionString: url,
    max: 2,
    application_name: 'millrace anki profiles',
    connectionTimeoutMillis: seconds(2),
    statement_timeout: seconds(2),
    query_timeout: seconds(3),
    idleTimeoutMillis: seconds(10),
  })
  // The pool has dropped the broken connection when it says so; the next writing opens another or says why it can't.
  pool.on('error', () => undefined)

  return {
    ensure: async ({ uuid, username }, { keepName }) => {
      const found = await pool.query<{ username: string }>(
        'select username from user_profiles where uuid = $1',
        [uuid],
      )
      const [row] = found.rows
      if (!row)
        await pool.query(
          'insert into user_profiles (uuid, username, created_at, updated_at) values ($1, $2, now(), now())',
          [uuid, username],
        )
      else if (row.username !== username && !keepName)
        await pool.query('update user_profiles set username = $2, updated_at = now() where uuid = $1', [
          uuid,
          username,
        ])
    },
    close: () => pool.end(),
  }
}
