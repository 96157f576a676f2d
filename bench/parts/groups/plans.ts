import type { Client } from 'pg'
import type { Table } from '../../tables.ts'

/** What Postgres does for the reads of this part, of one group and one long inbox, as it says itself. */
export async function explain(client: Client): Promise<Table[]> {
  const { rows } = await client.query<{ group: string; person: string; at: string; id: string }>(`
    select g.id as group, p.id as person, last.created_at::text as at, last.id
    from bench.groups g
    cross join bench.people p
    cross join lateral (
      select created_at, id from lockin.notifications
      where recipient_id = p.id order by created_at desc, id desc limit 1 offset 499
    ) last
    where g.n = 111 and p.n = 7`)
  const [one] = rows
  if (!one) throw new Error('There is nothing to explain.')
  const { group, person, at, id } = one
  const asked: [title: string, text: string][] = [
    ['progress of a group', `select * from lockin.progress_at('${group}', now())`],
    ['progress of a group, plain', `select * from bench.plain_progress where group_id = '${group}'`],
    [
      'a page in the middle of an inbox',
      `select * from lockin.notifications where recipient_id = '${person}'
        and (created_at, id) < ('${at}'::timestamptz, '${id}'::uuid) order by created_at desc, id desc limit 20`,
    ],
    [
      'a page in the middle of an inbox, plain',
      `select * from lockin.notifications where recipient_id = '${person}'
        order by created_at desc limit 20 offset 500`,
    ],
    [
      'what a batch of archiving takes',
      `select g.id, g.end_at from lockin.groups g where g.status <> 'archived' and g.end_at <= now()
        order by g.end_at, g.id limit 500 for no key update skip locked`,
    ],
  ]
  const plans: Table[] = []
  for (const [what, text] of asked) {
    const plan = await client.query<{ 'QUERY PLAN': string }>(`explain (analyze, buffers, costs off) ${text}`)
    plans.push({
      title: `(h) The plan: ${what}`,
      columns: [''],
      rows: plan.rows.map((row) => [row['QUERY PLAN']]),
    })
  }
  return plans
}
