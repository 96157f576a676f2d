import pg from 'pg'
import type { Database, Tx } from '../../shared/database.ts'
import { sleep } from '../../shared/time.ts'

const TRIES = 3
/** Milliseconds: at once, it could take the lock before the other has it, and both would wait for each other again. */
const LET_THROUGH = 25

/**
 * As `database.transaction`. A job that settles locks its own row before its document's, and requests come from the
 * other side: when the two wait for each other, Postgres ends one of them, and then this begins again.
 */
export async function inTransaction<T>(database: Database, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await database.transaction(work)
    } catch (error) {
      if (tries === TRIES || !(error instanceof pg.DatabaseError) || error.code !== '40P01') throw error
      await sleep(LET_THROUGH)
    }
  }
}
