import { Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { countTo, given, onEnd, say } from './say.ts'

// The shortest BullMQ worker there is. Not a byte is kept of finished jobs.
const [concurrency = '50', jobs = '0'] = process.argv.slice(2)
const ran = countTo(Number(jobs))
const connection = new Redis(given('REDIS_URL'), { maxRetriesPerRequest: null })
const worker = new Worker('bench', async () => ran(), { connection, concurrency: Number(concurrency) })
worker.on('error', (error) => console.error(error))
await worker.waitUntilReady()
say('up')
onEnd(() => worker.close())
