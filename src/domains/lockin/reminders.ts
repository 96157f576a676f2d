import { sql } from 'kysely'
import type { Tx } from '../../shared/database.ts'

/** What came of one batch of groups. */
export interface Reminded {
  /** How many people were reminded. */
  reminded: number
  /** The group to go on after; null when there are no more. */
  goOnAfter: string | null
}

/** Groups in one transaction, at most. */
const AT_ONCE = 500

/**
 * Reminds members who have not reached their target, in the last evening (19:00 to 23:00 on the group's clock) before the
 * period or the group ends: once per period, whoever runs it how often. Takes the next groups after one, or the first.
 */
export async function remindMembers(tx: Tx, after: string | null): Promise<Reminded> {
  const { rows } = await sql<Reminded>`
    select reminded, go_on_after as "goOnAfter" from lockin.remind_members(now(), ${after}, ${AT_ONCE})`.execute(
    tx,
  )
  const [row] = rows
  if (!row) throw new Error('lockin.remind_members told nothing.')
  return row
}
