import { Logger, run } from 'graphile-worker'
import pg from 'pg'
import { insertEffect, type Payload } from '../job.ts'
import { countTo, given, onEnd, say } from './say.ts'

// graphile-worker, with batches or without; no line is logged per job.
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
      localQueue: { size: Number(given('LOCAL_QUEUE')) },
      completeJobBatchDelay: Number(given('BATCH_DELAY')),
      failJobBatchDelay: Number(given('BATCH_DELAY')),
    },
  },
})
say('up')
onEnd(async () => {
  await runner.stop()
  await pgPool.end()
})
