import { expect, test, vi } from 'vitest'
import { createWorld, type World } from '../../support/world.ts'
import { ada, grace, pool, signUp } from './documents.ts'
import { jobsIn } from './postgres.ts'
import { createQueue, type Queue } from './queue.ts'

const program = 'src/ingress/events.ts'
const patience = { timeout: 30_000 }

const settingsFor = (queue: Queue): Record<string, string> => ({
  ANKI_ISSUER: `https://cognito-idp.us-east-1.amazonaws.com/${pool}`,
  AWS_ENDPOINT_URL_SQS: queue.endpoint,
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  EVENTS_QUEUE_URL: queue.url,
  LOG_LEVEL: 'debug',
})

test.concurrent('without a queue the process does not start, and says what is missing', async ({
  expect,
}) => {
  await using world = await createWorld()

  const child = world.start(program)

  expect(await child.exited).toBe(1)
  expect(child.output()).toContain('EVENTS_QUEUE_URL is missing: the SQS queue events come from')
})

test.concurrent('the process turns events into jobs, is ready, and ends when it is told to', async ({
  expect,
}) => {
  await using world = await createWorld()
  await using queue = await createQueue(world)
  const child = world.start(program, [], settingsFor(queue))
  await child.says('takes events')

  await queue.send(signUp(ada))
  await untilKeys(world, [ada.sub])
  const health = healthOf(child.output())
  const ready = await fetch(`${health}/readyz`)
  const live = await fetch(`${health}/livez`)
  await vi.waitFor(async () => {
    const metrics = await (await fetch(`${health}/metrics`)).text()
    expect(metrics).toContain('millrace_messages_total{outcome="accepted"} 1')
  }, patience)
  child.signal('SIGTERM')

  expect(await ready.json()).toEqual({ queue: true, postgres: true, running: true })
  expect([ready.status, live.status]).toEqual([200, 200])
  expect(await child.exited).toBe(0)
  expect(await queue.counts()).toEqual({ visible: 0, inFlight: 0 })
  expect(child.output()).not.toContain(ada.email)
})

test.concurrent('with the queue away the process is not ready, and takes events again when it is back', async ({
  expect,
}) => {
  await using world = await createWorld()
  await using queue = await createQueue(world)
  await queue.away()
  const child = world.start(program, [], settingsFor(queue))
  await child.says('the event queue is away')
  await child.says('takes events')

  const ready = await fetch(`${healthOf(child.output())}/readyz`)
  expect([ready.status, await ready.json()]).toEqual([503, { queue: false, postgres: true, running: true }])
  await queue.back()
  await queue.send(signUp(grace))
  await untilKeys(world, [grace.sub])
  await child.says('the event queue is back')

  expect(child.output().match(/the event queue is (away|back)/g)).toEqual([
    'the event queue is away',
    'the event queue is back',
  ])
})

const untilKeys = (world: World, keys: string[]) =>
  vi.waitFor(async () => expect((await jobsIn(world)).map(({ key }) => key)).toEqual(keys), patience)

/** Where the process says that it answers about its health. */
function healthOf(output: string): string {
  const port = /"port":(\d+),"msg":"health"/.exec(output)?.[1]
  return `http://127.0.0.1:${port}`
}
