import type pg from 'pg'

/** How many of what kind were taken out of the pages before the chat model saw them. */
export async function countHidden(database: pg.Client, iepId: string): Promise<Record<string, number>> {
  const found = await database.query<{ kind: string; times: number }>(
    `select kind, sum(times::int)::int as times from iep.pages, jsonb_each_text(hidden) as taken (kind, times)
     where iep_id = $1 group by kind order by kind`,
    [iepId],
  )
  return Object.fromEntries(found.rows.map(({ kind, times }) => [kind, times]))
}
