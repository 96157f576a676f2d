import { sql } from 'kysely'
import type { Sql } from '../../shared/database.ts'

/** How far a member is in the group's current day or week, which ends before `period_end`. */
export interface MemberProgress {
  user_id: string
  /** Whole seconds within the period. */
  seconds_done: number
  target_minutes: number
  goal_met: boolean
  period_start: Date
  period_end: Date
}

/**
 * How far everybody in a group is now, the furthest first. Refuses with 404 who is no member, and with 409 when the time
 * zone of the group is one Postgres does not know any more: then no period can be told.
 */
export async function currentProgress(db: Sql, group: string, caller: string): Promise<MemberProgress[]> {
  const { rows } = await sql<MemberProgress>`
    select user_id, seconds_done, target_minutes, goal_met, period_start, period_end
    from lockin.current_progress(${group}, ${caller})`.execute(db)
  return rows
}
