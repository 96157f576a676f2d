import { accessSync, constants, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Plain } from './plain.ts'

export interface Lock {
  /** Lets the next one in. May be called twice. */
  release(): void
}

/**
 * Makes this process the only one to use a directory, which is created if need be. Throws `Plain`, with
 * the pid of the holder, when another process or this very one has it already.
 *
 * The lock is the operating system's own, held through an open SQLite file. It ends with the process that
 * holds it however that ends, so there is no stale lock to recognise, no pid to mistake for another
 * program's, and no moment in which two can take over at once. The file `holder` beside it only names the
 * holder for the message.
 */
export function takeLock(directory: string, what: string): Lock {
  mkdirSync(directory, { recursive: true })
  refuseUnlessWritable(directory)

  const holder = path.join(directory, 'holder')
  const database = openLock(directory)
  try {
    database.exec('begin immediate')
  } catch (error) {
    database.close()
    if (!isBusy(error)) throw unusable(directory, error)
    const pid = readPid(holder)
    throw new Plain(
      `${what} in ${directory} already runs, started by ${pid ? `process ${pid}` : 'another process'}: ` +
        `stop that first (Ctrl-C in its terminal${pid ? ` or kill ${pid}` : ''})`,
      { cause: error },
    )
  }
  held.add(database)
  writeFileSync(holder, `${process.pid}\n`)

  return {
    release() {
      if (!held.delete(database)) return
      rmSync(holder, { force: true })
      database.close()
    },
  }
}

function openLock(directory: string): DatabaseSync {
  try {
    return new DatabaseSync(path.join(directory, 'lock'))
  } catch (error) {
    throw unusable(directory, error)
  }
}

/** Not ours, or no SQLite file. */
function unusable(directory: string, error: unknown): Plain {
  const why = (error as Error).message
  return new Plain(
    `${path.join(directory, 'lock')} can't be used (${why}): remove it, or run as the user whose it is`,
    { cause: error },
  )
}

/** A database that nothing refers to is closed by the garbage collector, and its lock would go with it. */
const held = new Set<DatabaseSync>()

/** Throws `Plain` when this user may not make anything in a folder. */
export function refuseUnlessWritable(directory: string): void {
  try {
    accessSync(directory, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new Plain(
      `${directory} is not writable by this user, perhaps because an earlier run was another user's (root?): ` +
        `remove it or run as that user`,
      { cause: error },
    )
  }
}

function isBusy(error: unknown): boolean {
  const SQLITE_BUSY = 5
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY
}

function readPid(file: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(file, 'utf8'), 10) || undefined
  } catch (error) {
    // The holder has the lock but has not written its pid yet.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
