import { isOutage, type Run } from '../../shared/database.ts'
import type { Log } from '../../shared/log.ts'
import { seconds, sleep } from '../../shared/time.ts'

/**
 * Whether the ledger takes what is asked for: Postgres answers within two seconds, has our tables, and is not one that only
 * reads, as after it has handed over to another. Never rejects.
 */
export async function isReady(run: Run, log: Log): Promise<boolean> {
  const answered = new AbortController()
  const late = sleep(READY_WITHIN, answered.signal).then(() => false)
  try {
    return await Promise.race([takesWrites(run), late])
  } catch (error) {
    if (!isOutage(error)) log.warn({ err: error }, 'the ledger cannot be read')
    return false
  } finally {
    answered.abort()
  }
}

const READY_WITHIN = seconds(2)

/** Rejects with what Postgres says when it does not answer, or has no tables of ours. */
export async function lookForLedger(run: Run): Promise<void> {
  await run(lookAtLedger, [])
}

async function takesWrites(run: Run): Promise<boolean> {
  const [row] = await run<{ writable: boolean }>(lookAtLedger, [])
  return row?.writable === true
}

const lookAtLedger = {
  name: 'ledger.ready',
  text: `
select current_setting('transaction_read_only') = 'off' as writable,
  exists (select from millrace.jobs where id = '00000000-0000-0000-0000-000000000000') as nobodys`,
}
