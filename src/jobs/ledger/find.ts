import type { Run } from '../../shared/database.ts'

/** The ids of a job's rows by their keys, of those that exist; in id order, in which rows are locked. */
export async function idsOf(run: Run, name: string, keys: string[]): Promise<string[]> {
  const rows = await run<{ id: string }>(byKeys, [name, keys])
  return rows.map((row) => row.id)
}

const byKeys = {
  name: 'ledger.ids-of',
  text: `select id from millrace.jobs where name = $1 and key = any($2::text[]) order by id`,
}
