import { Logger, run } from 'graphile-worker'
import pg from 'pg'
import { insertEffect, type Payload } from '../job.ts'
import { countTo, given, onEnd, say } from './say.ts'

// graphile-worker as its page on performance advises: a local queue and batched completion; no line logged per job.
const [concurrency = '50', jobs = '0', writes = ''] = process.argv.slice(2)
const ran = countTo(Number(jobs))
const max = Number(given('DATABASE_POOL'))
const pgPool = new pg.Pool({ connectionString: given('DATABASE_URL'), max })
const runner = await run({
  pgPool,
  noHandleSignals: true,
  logger: new Logger(() => (level, message) => {
    if (level === 'error') console.error(message)
  }),
  taskList: {
    bench: async (payload, { query }) => {
      ran()
      if (writes) await query(insertEffect, [(payload as Payload).userId])
    },
  },
  preset: {
    worker: {
      concurrentJobs: Number(concurrency),
      localQueue: { size: Number(process.env['GRAPHILE_LOCAL_QUEUE'] ?? 500) },
      completeJobBatchDelay: Number(process.env['GRAPHILE_BATCH_DELAY'] ?? 0),
      failJobBatchDelay: 0,
    },
  },
})
say('up')
onEnd(async () => {
  await runner.stop()
  await pgPool.end()
})
