import pg from 'pg'
import { PgBoss, type Job, type JobResult } from 'pg-boss'
import { insertEffect, type Payload } from '../job.ts'
import { countTo, given, onEnd, say } from './say.ts'

// pg-boss as its documentation advises for throughput: it fetches batches and, while they come back full, does not pause.
const [concurrency = '50', jobs = '0', writes = ''] = process.argv.slice(2)
const ran = countTo(Number(jobs))
const max = Number(given('DATABASE_POOL'))
const boss = new PgBoss({ connectionString: given('DATABASE_URL'), max, schedule: false, migrate: false })
boss.on('error', (error) => console.error(error))
const pool = new pg.Pool({ connectionString: given('DATABASE_URL'), max })
await boss.start()

const fetchers = Number(process.env['PG_BOSS_FETCHERS'] ?? 2)
const batchSize = Math.max(1, Math.round(Number(concurrency) / fetchers))
const options = {
  batchSize,
  localConcurrency: fetchers,
  burstWhenBatchFull: true,
  pollingIntervalSeconds: 0.5,
}
const runAll = (batch: Job<Payload>[]): Promise<JobResult[]> =>
  Promise.all(
    batch.map(async ({ id, data }) => {
      ran()
      if (writes) await pool.query({ name: 'effect', text: insertEffect, values: [data.userId] })
      return { id, status: 'completed', output: { ok: true } }
    }),
  )
if (process.env['PG_BOSS_EACH']) await boss.work('bench', { ...options, perJobResults: true }, runAll)
else await boss.work<Payload>('bench', options, async (batch) => void (await runAll(batch)))
say('up')
onEnd(async () => {
  await boss.stop({ graceful: false })
  await pool.end()
})
