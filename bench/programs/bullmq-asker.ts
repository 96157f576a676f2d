import { Queue, QueueEvents } from 'bullmq'
import { Redis } from 'ioredis'
import { somebody } from '../people.ts'
import { serveArrivals } from './arrivals.ts'
import { given, onEnd } from './say.ts'

// Adds jobs and waits for them as BullMQ's documentation shows. A job that is removed at once cannot be waited for.
const connection = (): Redis => new Redis(given('REDIS_URL'), { maxRetriesPerRequest: null })
const keep = { count: 5000 }
const queue = new Queue('bench', {
  connection: connection(),
  defaultJobOptions: { removeOnComplete: keep, removeOnFail: keep },
})
const events = new QueueEvents('bench', { connection: connection() })
await events.waitUntilReady()
// Every waiter listens on the same emitter.
events.setMaxListeners(0)

onEnd(async () => {
  await events.close()
  await queue.close()
})
serveArrivals(async () => {
  const job = await queue.add('bench', somebody())
  await job.waitUntilFinished(events, 60_000)
})
