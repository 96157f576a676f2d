import type { Run } from '../../shared/database.ts'
import { inLockOrder, oneByOne } from './rows.ts'

export interface Progress {
  id: string
  ticket: number
  percent: number
  step: string
}

/** Notes how far running jobs are, many at once; rows that are no longer ours are left alone. */
export async function noteProgress(run: Run, worker: string, progress: Progress[]): Promise<void> {
  await run(noteMany, [JSON.stringify(inLockOrder(progress)), worker])
}

const noteMany = {
  name: 'ledger.progress',
  text: `
with told as (
  select * from json_to_recordset($1::json) as t (id uuid, ticket int, percent int, step text) where ${oneByOne('ticket')}
), moved as (
  update millrace.jobs j set percent = t.percent, step = t.step, last_event = j.last_event + 1
  from told t
  where j.id = t.id and j.ticket = t.ticket and j.state = 'active' and j.worker = $2
  returning j.*
)
insert into millrace.job_events (job, seq, kind, round, attempt, detail)
select id, last_event, 'progressed', round, attempts, jsonb_build_object('percent', percent, 'step', step)
from moved, (select set_config('synchronous_commit', 'off', true)) as unhurried`,
}
