import { expect, test, vi } from 'vitest'
import { readOnly } from '../../support/read-only.ts'
import { createWorld } from '../../support/world.ts'
import { ada, crowd, grace, pool, signUp } from './documents.ts'
import { closeGate, jobsIn, openWay, rejectedIn } from './postgres.ts'
import { consume, createQueue, keepLog, type Queue } from './queue.ts'

const ankiPool = { env: { ANKI_ISSUER: `https://cognito-idp.us-east-1.amazonaws.com/${pool}` } }
const patience = { timeout: 30_000 }
/** Short enough to see a message come again. */
const soonAgain = { visibilitySeconds: 2 }

const untilEmpty = (queue: Queue) =>
  vi.waitFor(async () => expect(await queue.counts()).toEqual({ visible: 0, inFlight: 0 }), patience)
const linesAbout = (lines: { msg: string }[], what: string) =>
  lines.map(({ msg }) => msg).filter((msg) => msg.startsWith(what) && /is (away|back)$/.test(msg))

test.concurrent('with Postgres away nothing is deleted, and afterwards everything arrives', async ({
  expect,
}) => {
  await using world = await createWorld(ankiPool)
  await using queue = await createQueue(world)
  await using way = await openWay(world)
  const { log, lines } = keepLog()
  const people = crowd(30)
  await way.cut()
  await queue.send(...people.map((person) => signUp(person)))

  await using consumer = consume(world, queue, { ...way, log, ...soonAgain })
  await vi.waitFor(() => expect(consumer.answers()).toEqual({ queue: true, postgres: false }), patience)
  // All that was in somebody's hands is back in the queue.
  await vi.waitFor(async () => expect(await queue.counts()).toEqual({ visible: 30, inFlight: 0 }), patience)
  expect(await jobsIn(world)).toEqual([])
  await way.mend()
  await untilEmpty(queue)

  expect((await jobsIn(world)).map(({ key }) => key)).toEqual(people.map(({ sub }) => sub))
  expect(await rejectedIn(world)).toEqual([])
  expect(linesAbout(lines(), 'Postgres')).toEqual(['Postgres is away', 'Postgres is back'])
  expect(consumer.answers()).toEqual({ queue: true, postgres: true })
})

test.concurrent('a Postgres that takes no writes costs no message a delivery after the first', async ({
  expect,
}) => {
  await using world = await createWorld(ankiPool)
  await using queue = await createQueue(world)
  const { log } = keepLog()
  const people = crowd(5)
  await readOnly(world.databaseUrl, true)
  await queue.send(...people.map((person) => signUp(person)))

  await using consumer = consume(world, queue, { log, ...soonAgain })
  await vi.waitFor(() => expect(consumer.answers()).toEqual({ queue: true, postgres: false }), patience)
  // They have shown up again, and nobody takes them.
  await vi.waitFor(async () => expect(await queue.counts()).toEqual({ visible: 5, inFlight: 0 }), patience)
  await readOnly(world.databaseUrl, false)
  await untilEmpty(queue)

  expect((await jobsIn(world)).map(({ key }) => key)).toEqual(people.map(({ sub }) => sub))
  expect(await rejectedIn(world)).toEqual([])
})

test.concurrent('a connection cut in the middle of a batch loses nothing and doubles nothing', async ({
  expect,
}) => {
  await using world = await createWorld(ankiPool)
  await using queue = await createQueue(world)
  await using way = await openWay(world)
  const people = crowd(60)
  await queue.send(...people.map((person) => signUp(person)))

  await using _ = consume(world, queue, { ...way, ...soonAgain })
  for (let cuts = 0; cuts < 5; cuts += 1) {
    await vi.waitFor(async () => expect((await queue.counts()).inFlight).toBeGreaterThan(0), patience)
    await way.cut()
    await way.mend()
  }
  await untilEmpty(queue)

  const jobs = await jobsIn(world)
  expect(jobs.map(({ key, round }) => ({ key, round }))).toEqual(
    people.map(({ sub }) => ({ key: sub, round: 1 })),
  )
})

test.concurrent('a message stays in the queue until the commit is done', async ({ expect }) => {
  await using world = await createWorld(ankiPool)
  await using queue = await createQueue(world)
  await using gate = await closeGate(world)
  await queue.send(signUp(ada))

  await using _ = consume(world, queue)
  await gate.waiting()
  expect(await queue.counts()).toEqual({ visible: 0, inFlight: 1 })
  expect(await jobsIn(world)).toEqual([])
  await gate.open()
  await untilEmpty(queue)

  expect((await jobsIn(world)).map(({ key }) => key)).toEqual([ada.sub])
})

test.concurrent('when the connection breaks at the commit nobody knows its end, and the message comes again', async ({
  expect,
}) => {
  await using world = await createWorld(ankiPool)
  await using queue = await createQueue(world)
  await using gate = await closeGate(world)
  const { log, lines } = keepLog()
  await queue.send(signUp(ada), signUp(grace))

  await using _ = consume(world, queue, { log, ...soonAgain })
  await gate.waiting()
  await gate.kill()
  // It comes again, and stands at the gate once more: it was not deleted.
  await gate.waiting()
  await gate.open()
  await untilEmpty(queue)

  expect((await jobsIn(world)).map(({ key, round }) => ({ key, round }))).toEqual([
    { key: ada.sub, round: 1 },
    { key: grace.sub, round: 1 },
  ])
  expect(linesAbout(lines(), 'Postgres')).toEqual(
    expect.arrayContaining(['Postgres is away', 'Postgres is back']),
  )
})

test.concurrent('when the queue goes away it is asked ever more rarely, and what could not be deleted changes nothing', async ({
  expect,
}) => {
  await using world = await createWorld(ankiPool)
  await using queue = await createQueue(world)
  await using gate = await closeGate(world)
  const { log, lines } = keepLog()
  await queue.send(signUp(ada))

  await using consumer = consume(world, queue, { log, ...soonAgain })
  await gate.waiting()
  await queue.away()
  await gate.open()
  await vi.waitFor(
    () => expect(lines().map(({ msg }) => msg)).toContain('could not delete messages; they will come again'),
    patience,
  )
  expect(consumer.answers()).toEqual({ queue: false, postgres: true })
  await queue.back()
  await queue.send(signUp(grace))
  await untilEmpty(queue)

  expect((await jobsIn(world)).map(({ key, round }) => ({ key, round }))).toEqual([
    { key: ada.sub, round: 1 },
    { key: grace.sub, round: 1 },
  ])
  expect(linesAbout(lines(), 'the event queue')).toEqual([
    'the event queue is away',
    'the event queue is back',
  ])
  const { values } = await world.metrics.messages.get()
  expect(Object.fromEntries(values.map(({ labels, value }) => [labels.outcome, value]))).toEqual({
    accepted: 3,
    'not deleted': 1,
  })
})

test('stopping ends a long poll at once and loses nothing', { timeout: 19_000 }, async () => {
  await using world = await createWorld(ankiPool)
  await using queue = await createQueue(world)
  const first = consume(world, queue, { ...soonAgain, waitSeconds: 20 })
  await queue.send(signUp(ada))
  await untilEmpty(queue)

  await first.stop()
  // The queue may not have noticed yet and give it to the poll that has just ended; then it comes again.
  await queue.send(signUp(grace))
  await using _ = consume(world, queue, soonAgain)
  await untilEmpty(queue)

  expect((await jobsIn(world)).map(({ key }) => key)).toEqual([ada.sub, grace.sub])
})

test.concurrent('stopping again and again under a stream of messages loses none', async ({ expect }) => {
  await using world = await createWorld(ankiPool)
  await using queue = await createQueue(world)
  const people = crowd(100)
  const sending = queue.send(...people.map((person) => signUp(person)))

  for (let turns = 0; turns < 10; turns += 1) {
    const consumer = consume(world, queue, soonAgain)
    await vi.waitFor(async () => expect((await jobsIn(world)).length).toBeGreaterThan(turns * 5), patience)
    await consumer.stop()
  }
  await sending
  await using _ = consume(world, queue, soonAgain)
  await untilEmpty(queue)

  const jobs = await jobsIn(world)
  expect(jobs.map(({ key, round }) => ({ key, round }))).toEqual(
    people.map(({ sub }) => ({ key: sub, round: 1 })),
  )
})

test.concurrent('stopping finishes the batch in hand', async ({ expect }) => {
  await using world = await createWorld(ankiPool)
  await using queue = await createQueue(world)
  await using gate = await closeGate(world)
  await queue.send(signUp(ada))
  const consumer = consume(world, queue)
  await gate.waiting()

  const stopped = consumer.stop()
  await gate.open()
  await stopped

  expect(await queue.counts()).toEqual({ visible: 0, inFlight: 0 })
  expect((await jobsIn(world)).map(({ key }) => key)).toEqual([ada.sub])
})

test.concurrent('stopping with a batch that cannot be written gives its messages back at once', async ({
  expect,
}) => {
  await using world = await createWorld(ankiPool)
  await using queue = await createQueue(world)
  await using gate = await closeGate(world)
  await queue.send(signUp(ada), signUp(grace))
  const consumer = consume(world, queue, { pollers: 1, visibilitySeconds: 600 })
  await gate.waiting()

  const stopped = consumer.stop()
  await gate.kill()
  await stopped

  const { visible, inFlight } = await queue.counts()
  expect(visible).toBeGreaterThan(0)
  expect(visible + inFlight).toBe(2)
  expect(inFlight).toBe(0)
})
