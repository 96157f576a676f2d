import type { Run } from '../../shared/database.ts'

/** What operators set on a queue, kept here because Redis may forget it. */
export interface QueueSetting {
  queue: string
  paused: boolean
  /** Jobs of the queue that may run at once over all workers; null means no limit beyond each worker's own. */
  concurrency: number | null
}

export const queueSettings = (run: Run): Promise<QueueSetting[]> => run(selectSettings, [])

export async function saveQueueSetting(run: Run, setting: QueueSetting, actor: string): Promise<void> {
  await run(upsertSetting, [setting.queue, setting.paused, setting.concurrency, actor])
}

const selectSettings = {
  name: 'ledger.queue-settings',
  text: `select queue, paused, concurrency from millrace.queue_settings`,
}

const upsertSetting = {
  name: 'ledger.save-queue-setting',
  text: `
insert into millrace.queue_settings (queue, paused, concurrency, changed_by) values ($1, $2, $3, $4)
on conflict (queue) do update set paused = excluded.paused, concurrency = excluded.concurrency,
  changed_by = excluded.changed_by, changed_at = now()`,
}
