import { sql, type RawBuilder } from 'kysely'
import type { Tx } from '../../shared/database.ts'

/** How much is done in one transaction, for which others may have to wait. */
export interface BatchSize {
  groups: number
  /** Members to be told, each whose time runs counting as fifteen; a single group may have more. */
  people: number
}

/**
 * Archives a batch of the groups whose end has come: what runs in them ends, open invites are withdrawn and every member
 * is told. How many it were. Skips what somebody holds at this moment, so that any number may do this at once.
 */
export async function archiveGroups(tx: Tx, { groups, people }: BatchSize): Promise<number> {
  return counted(tx, sql`lockin.archive_expired_groups(${groups}, ${people})`)
}

/** Writes down that groups have begun, at most so many at once; how many it were. */
export async function activateGroups(tx: Tx, atMost: number): Promise<number> {
  return counted(tx, sql`lockin.activate_begun_groups(${atMost})`)
}

async function counted(tx: Tx, call: RawBuilder<unknown>): Promise<number> {
  const { rows } = await sql<{ count: number }>`select ${call} as count`.execute(tx)
  const [row] = rows
  if (!row) throw new Error('A function that counts gave no number.')
  return row.count
}
