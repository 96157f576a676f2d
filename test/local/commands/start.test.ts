import { once } from 'node:events'
import { createServer } from 'node:net'
import path from 'node:path'
import { expect, test } from 'vitest'
import { startSqs } from '../../../local/sqs/server.ts'
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs'
import { isRunning } from '../../../local/launch/leftovers.ts'
import { createWorld, type World } from '../../support/world.ts'
import { createState } from './states.ts'

const cli = path.resolve(import.meta.dirname, '../../../local/cli.mjs')

test('what is missing is said all at once', async () => {
  await using state = createState({ PORT: 'three thousand' })

  const { code, stderr } = await state.run('start')

  expect(code).toBe(1)
  for (const name of ['DATABASE_URL', 'REDIS_URL', 'PORT', 'OPERATORS', 'EVENTS_QUEUE_URL']) {
    expect(stderr).toMatch(new RegExp(`^  ${name} `, 'm'))
  }
})

test('the processes of the Procfile run against what the environment names, until a signal', async () => {
  await using world = await createWorld()
  await using queue = await createQueue(world)
  const start = world.start(cli, ['start'], { ...queue.env, LOG_LEVEL: 'info' })
  for (const said of [
    'listens',
    'takes events',
    'the clock ticks',
    '"queues":["quick","maintenance"]',
    '"queues":["documents"]',
    '"queues":["media"]',
  ])
    await start.says(said)
  const pids = pidsIn(start.output())
  expect(pids.size).toBe(6)

  start.signal('SIGTERM')

  expect(await start.exited).toBe(0)
  expect([...pids].filter(isRunning)).toEqual([])
})

test('a process that keeps dying ends the command with its name, and the others with it', async () => {
  const neighbour = createServer().listen(0, '127.0.0.1')
  await once(neighbour, 'listening')
  const { port } = neighbour.address() as { port: number }
  await using world = await createWorld()
  await using queue = await createQueue(world)

  const start = world.start(cli, ['start'], { ...queue.env, LOG_LEVEL: 'info', PORT: String(port) })

  expect(await start.exited).toBe(1)
  neighbour.close()
  expect(start.output()).toContain('web keeps dying, last with exit code')
  expect([...pidsIn(start.output())].filter(isRunning)).toEqual([])
})

/** Every line of the log says whose it is. */
function pidsIn(output: string): Set<number> {
  return new Set([...output.matchAll(/"pid":(\d+)/g)].map(([, pid]) => Number(pid)))
}

async function createQueue({ directory }: World): Promise<AsyncDisposable & { env: Record<string, string> }> {
  const sqs = await startSqs({ journal: path.join(directory, 'sqs.jsonl') })
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  const client = new SQSClient({ endpoint: sqs.endpoint, region: sqs.region, credentials })
  await client.send(new CreateQueueCommand({ QueueName: 'events' }))
  client.destroy()
  const env = {
    AWS_ENDPOINT_URL_SQS: sqs.endpoint,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    EVENTS_QUEUE_URL: sqs.queueUrl('events'),
  }
  return { env, [Symbol.asyncDispose]: () => sqs.stop() }
}
