import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { seconds, sleep } from '../../shared/time.ts'
import { StorageTrouble, systemCode } from './storage-trouble.ts'

/**
 * The sync server's own list of users, for those that keep one: an SQLite file with the table
 * `auth (username, hash)`, exactly these two columns, as the ankicommunity servers read it. The user name is the user
 * id, because it also names the directory.
 *
 * The file is opened for each call and closed after it, so that no lock is held between calls and a file that was
 * replaced is noticed. SQLite works on this thread: a call never waits inside it, but tries again every few
 * milliseconds while the sync server writes.
 *
 * @throws StorageTrouble `auth-db-busy` when somebody kept the file locked for a second, `auth-db-unusable` otherwise.
 */
export interface AuthDb {
  /** Adds the user with a hash that no password meets; an existing entry stays as it is. */
  ensure(uuid: string): Promise<void>
  /** Removes the user if the entry is still the placeholder. */
  discardIfPlaceholder(uuid: string): Promise<void>
}

const BUSY_FOR_AT_MOST = seconds(1)
const BETWEEN_TRIES = 15

/** @param options.gid the group of the file if it is made here, which its members may then write. */
export function openAuthDb(options: { file: string; gid: number | undefined }): AuthDb {
  const { file, gid } = options
  return {
    ensure: async (uuid) => {
      await makeIfMissing(file, gid)
      await patiently(file, (db) => {
        db.exec('create table if not exists auth (username varchar primary key, hash varchar)')
        db.prepare('insert into auth (username, hash) values (?, ?) on conflict do nothing').run(
          uuid,
          placeholder(),
        )
      })
    },
    discardIfPlaceholder: async (uuid) => {
      if (!existsSync(file)) return
      await patiently(file, (db) => {
        if (!db.prepare(`select 1 from sqlite_master where type = 'table' and name = 'auth'`).get()) return
        db.prepare('delete from auth where username = ? and length(hash) = 80 and hash like ?').run(
          uuid,
          `${noDigest}%`,
        )
      })
    },
  }
}

/**
 * The server compares the first 64 characters with a SHA-256 digest salted with the last 16. No digest is all zeros,
 * and shorter hashes crash one of the servers.
 */
const noDigest = '0'.repeat(64)
const placeholder = (): string => noDigest + randomBytes(8).toString('hex')

/** Makes the file first, since SQLite would leave its mode to the umask and its group to chance. */
async function makeIfMissing(file: string, gid: number | undefined): Promise<void> {
  if (gid === undefined || existsSync(file)) return
  try {
    await using handle = await open(file, 'ax', 0o660)
    const { uid } = await handle.stat()
    await handle.chown(uid, gid)
    await handle.chmod(0o660)
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw unusable(error)
  }
}

async function patiently(file: string, work: (db: DatabaseSync) => void): Promise<void> {
  const until = performance.now() + BUSY_FOR_AT_MOST
  for (;;) {
    try {
      return once(file, work)
    } catch (error) {
      if (!isBusy(error)) throw unusable(error)
      if (performance.now() > until)
        throw new StorageTrouble('auth-db-busy', "The sync server's list of users stayed locked.", {
          cause: error,
        })
      await sleep(BETWEEN_TRIES)
    }
  }
}

function once(file: string, work: (db: DatabaseSync) => void): void {
  using db = new DatabaseSync(file, { timeout: 0 })
  work(db)
}

/** SQLITE_BUSY, SQLITE_LOCKED and their extended forms. */
function isBusy(error: unknown): boolean {
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0
  return code === 5 || code === 6
}

function unusable(error: unknown): StorageTrouble {
  return new StorageTrouble('auth-db-unusable', "The sync server's list of users could not be written.", {
    cause: error,
  })
}
