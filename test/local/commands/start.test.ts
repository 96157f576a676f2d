import { once } from 'node:events'
import { createServer } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
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
  await using world = await createWorld()
  await using queue = await createQueue(world)
  const start = world.start(cli, ['start'], { ...queue.env, LOG_LEVEL: 'info' })
  const over = start.exited.then(() => true)

  const killed = new Set<number>()
  while (!(await Promise.race([over, sleep(20, false)]))) {
    const living = [...pidsIn(start.output(), 'web')].filter((pid) => !killed.has(pid) && isRunning(pid))
    for (const pid of living) process.kill(pid, 'SIGKILL')
    for (const pid of living) killed.add(pid)
  }

  expect(await start.exited).toBe(1)
  expect(start.output()).toContain('web keeps dying, last by SIGKILL')
  expect([...pidsIn(start.output())].filter(isRunning)).toEqual([])
})

test('a port that is taken, or that there is not, is one line before anything is started', async () => {
  const neighbour = createServer().listen(0, '127.0.0.1')
  await once(neighbour, 'listening')
  const { port } = neighbour.address() as { port: number }
  await using world = await createWorld()
  await using queue = await createQueue(world)
  const refusal = async (env: Record<string, string>): Promise<string> => {
    const start = world.start(cli, ['start'], { ...queue.env, ...env })
    expect(await start.exited).toBe(1)
    return start.output()
  }

  expect(await refusal({ PORT: String(port) })).toMatch(
    new RegExp(`^port ${port} is taken by another program: [^\\n]*, with PORT\\n$`),
  )
  expect(await refusal({ PORT: '0', HEALTH_PORT: String(port - 2) })).toMatch(
    new RegExp(`^port ${port} is taken by another program: [^\\n]*, with HEALTH_PORT\\n$`),
  )
  neighbour.close()
  expect(await refusal({ PORT: '0', HEALTH_PORT: '65534' })).toBe(
    'HEALTH_PORT=65534 leaves no room for 5 processes: choose one up to 65531\n',
  )
  expect(await refusal({ PORT: '9104', HEALTH_PORT: '9100' })).toBe(
    'PORT=9104 is one of the health ports, 9100 to 9104: choose another PORT or HEALTH_PORT\n',
  )
})

/** Every line of the log says whose it is. */
function pidsIn(output: string, name = ''): Set<number> {
  const lines = output.split('\n').filter((line) => line.includes(`"process":"${name}`))
  return new Set(lines.flatMap((line) => /"pid":(\d+)/.exec(line)?.[1] ?? []).map(Number))
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
