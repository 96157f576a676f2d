import { sql } from 'kysely'
import type { Tx } from '../../shared/database.ts'

/** A stretch of time in which something changed that makes somebody reach a target: of a log, or twice the same instant. */
export interface Changed {
  /** Null for what belongs to no group: then nothing is due. */
  groupId: string | null
  from: Date | string
  to: Date | string
}

/** What was announced of a period. */
export interface Announced {
  members: number
  group: boolean
  /** There is more to be announced than goes into one transaction. */
  more: boolean
}

/** News in one transaction, at most: each goes to every member. */
const AT_ONCE = 50

/**
 * The local dates ('YYYY-MM-DD') of the group's periods that the time touches and in which something was reached that is
 * not announced yet. To be asked last of all in the transaction that made the change: until it ends, changes of the same
 * group that come to this point wait here.
 */
export async function milestonesDue(tx: Tx, { groupId, from, to }: Changed): Promise<string[]> {
  if (groupId === null) return []
  const { rows } = await sql<{ date: string }>`
    select due::text as date from lockin.milestones_due(${groupId}, ${from}, ${to}) due`.execute(tx)
  return rows.map((row) => row.date)
}

/**
 * Tells the members of a group what was reached in the period that begins on this date, as the tables say at this moment,
 * and has not been told before.
 */
export async function announceMilestones(tx: Tx, groupId: string, periodDate: string): Promise<Announced> {
  const { rows } = await sql<Announced>`
    select members, whole_group as "group", more
    from lockin.announce_milestones(${groupId}, ${periodDate}, ${AT_ONCE})`.execute(tx)
  const [row] = rows
  if (!row) throw new Error('lockin.announce_milestones told nothing.')
  return row
}
