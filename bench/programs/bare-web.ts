import { Queue } from 'bullmq'
import { fastify } from 'fastify'
import { Redis } from 'ioredis'
import { given, onEnd, say } from './say.ts'

// What one would write in ten minutes: no log, no check, no caller, nothing kept but the job in Redis.
const connection = new Redis(given('REDIS_URL'), { maxRetriesPerRequest: null })
const queue = new Queue('bench', {
  connection,
  defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
})
const app = fastify({ logger: false })
app.post('/enqueue', async (request, reply) => {
  const job = await queue.add('initiate-user', request.body)
  return reply.code(202).send({ id: job.id, state: 'waiting' })
})
await app.listen({ host: '127.0.0.1', port: Number(given('PORT')) })
say('up')
onEnd(async () => {
  await app.close()
  await queue.close()
  connection.disconnect()
})
