import { SendMessageBatchCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import { expect, test, vi } from 'vitest'
import { inBucket, reactTo, when } from '../../../src/ingress/reactions.ts'
import { initiateUser } from '../../../src/jobs/anki/initiate-user.ts'
import { ask } from '../../../src/jobs/define.ts'
import { history } from '../../../src/jobs/ledger/read.ts'
import { doNothing } from '../../support/jobs.ts'
import { createWorld, type World } from '../../support/world.ts'
import { ada, crowd, fixture, grace, linus, objectsPut, pool, signUp } from './documents.ts'
import { change, jobsIn, rejectedIn } from './postgres.ts'
import { consume, createQueue, keepLog, type Queue } from './queue.ts'

const ankiPool = { env: { ANKI_ISSUER: `https://cognito-idp.us-east-1.amazonaws.com/${pool}` } }
const patience = { timeout: 30_000 }

const untilEmpty = (queue: Queue) =>
  vi.waitFor(async () => expect(await queue.counts()).toEqual({ visible: 0, inFlight: 0 }), patience)

const outcomes = async (world: World) => {
  const { values } = await world.metrics.messages.get()
  return Object.fromEntries(values.map(({ labels, value }) => [labels.outcome, value]))
}

test.concurrent('a confirmed sign-up becomes a job, and its message is gone', async ({ expect }) => {
  await using world = await createWorld(ankiPool)
  await using queue = await createQueue(world)
  const [id] = await queue.send(signUp(ada))

  await using _ = consume(world, queue)
  await untilEmpty(queue)

  expect(await jobsIn(world)).toMatchObject([
    {
      name: 'anki.initiate-user',
      key: ada.sub,
      owner: `anki:${ada.sub}`,
      trace: id,
      data: { cognito_user_id: ada.sub, username: 'ada', email: ada.email, keepName: true },
    },
  ])
  expect(await outcomes(world)).toEqual({ accepted: 1 })
})

test.concurrent('a job belongs to the trace of its message', async ({ expect }) => {
  await using world = await createWorld(ankiPool)
  await using queue = await createQueue(world)
  const w3c = '4bf92f3577b34da6a3ce929d0e0e4736'
  const xray = '1-5759e988-bd862e3fe1be46a994272793'
  const text = (StringValue: string) => ({ DataType: 'String', StringValue })
  await queue.sqs.send(
    new SendMessageCommand({
      QueueUrl: queue.url,
      MessageBody: JSON.stringify(signUp(ada)),
      MessageAttributes: { traceparent: text(`00-${w3c}-00f067aa0ba902b7-01`) },
    }),
  )
  await queue.sqs.send(
    new SendMessageCommand({
      QueueUrl: queue.url,
      MessageBody: JSON.stringify(signUp(grace)),
      MessageSystemAttributes: { AWSTraceHeader: text(`Root=${xray};Parent=53995c3f42cd8ad8;Sampled=1`) },
    }),
  )

  await using _ = consume(world, queue)
  await untilEmpty(queue)

  expect((await jobsIn(world)).map(({ key, trace }) => ({ key, trace }))).toEqual([
    { key: ada.sub, trace: w3c },
    { key: grace.sub, trace: xray },
  ])
})

test.concurrent('what means nothing makes no job and leaves nothing behind', async ({ expect }) => {
  await using world = await createWorld(ankiPool)
  await using queue = await createQueue(world)
  await queue.send(fixture('cognito-new-password-confirmed'), fixture('s3-test-event'))

  await using _ = consume(world, queue)
  await untilEmpty(queue)

  expect(await jobsIn(world)).toEqual([])
  expect(await rejectedIn(world)).toEqual([])
  expect(await outcomes(world)).toEqual({ nothing: 2 })
})

test.concurrent('fifty copies of one sign-up are one job', async ({ expect }) => {
  await using world = await createWorld(ankiPool)
  await using queue = await createQueue(world)
  await queue.send(...Array.from({ length: 50 }, () => signUp(ada)))

  await using _ = consume(world, queue)
  await untilEmpty(queue)

  const [job, ...others] = await jobsIn(world)
  expect(others).toEqual([])
  expect((await history(world.database.run, job?.id ?? '', 0)).map(({ kind }) => kind)).toEqual(['accepted'])
  expect(await outcomes(world)).toEqual({ accepted: 50 })
})

test.concurrent('copies in any order change nothing: thirty people, four times each, are thirty jobs', async ({
  expect,
}) => {
  await using world = await createWorld(ankiPool)
  await using queue = await createQueue(world)
  const people = crowd(30)
  const { log, text } = keepLog()
  const orders = [people, people.toReversed(), [...people.slice(15), ...people.slice(0, 15)], people]
  await queue.send(...orders.flat().map((person) => signUp(person)))

  await using _ = consume(world, queue, { pollers: 6, log })
  await untilEmpty(queue)

  const jobs = await jobsIn(world)
  expect(jobs.map(({ key, round }) => ({ key, round }))).toEqual(
    people.map(({ sub }) => ({ key: sub, round: 1 })),
  )
  const noted = await world.database.run<{ kind: string; count: number }>(
    { name: 'test.noted', text: 'select kind, count(*) from millrace.job_events group by kind' },
    [],
  )
  expect(noted).toEqual([{ kind: 'accepted', count: 30 }])
  // Not even Postgres had to step in between batches that wait for each other.
  expect(text()).not.toContain('refused')
})

test.concurrent('an event that comes after the user has asked for another name changes nothing', async ({
  expect,
}) => {
  await using world = await createWorld(ankiPool)
  await using queue = await createQueue(world)
  const chosen = { cognito_user_id: ada.sub, username: 'Countess', email: ada.email }
  const asked = await world.asking.accept.now(ask(initiateUser, chosen), 'trace')

  await using _ = consume(world, queue)
  await queue.send(signUp(ada))
  await untilEmpty(queue)
  await change(world, `update millrace.jobs set state = 'completed', settled_at = now()`)
  await queue.send(signUp(ada))
  await untilEmpty(queue)

  expect(await jobsIn(world)).toMatchObject([
    { id: asked.id, round: 1, data: { ...chosen, keepName: false } },
  ])
})

test.concurrent('one message in ten that no job takes is kept with its reason, and the nine others are jobs', async ({
  expect,
}) => {
  await using world = await createWorld(ankiPool)
  await using queue = await createQueue(world)
  const { log, text } = keepLog()
  const [poison = ada, ...others] = crowd(10)
  const body = JSON.stringify(signUp({ ...poison, email: 'nobody-knows' }))
  const bodies = [...others.slice(0, 4).map((person) => JSON.stringify(signUp(person))), body]
  bodies.push(...others.slice(4).map((person) => JSON.stringify(signUp(person))))
  const { Successful = [] } = await queue.sqs.send(
    new SendMessageBatchCommand({
      QueueUrl: queue.url,
      Entries: bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody })),
    }),
  )

  await using _ = consume(world, queue, { pollers: 1, log })
  await untilEmpty(queue)

  expect((await jobsIn(world)).map(({ key }) => key)).toEqual(others.map(({ sub }) => sub))
  expect(await rejectedIn(world)).toMatchObject([
    {
      source: 'sqs:events',
      message_id: Successful.find(({ Id }) => Id === '4')?.MessageId,
      reason: 'anki.initiate-user does not take the event: email',
      body,
    },
  ])
  expect(await outcomes(world)).toEqual({ accepted: 9, rejected: 1 })
  expect(text()).toContain('does not take the event')
  expect(text()).not.toContain('nobody-knows')
  expect(text()).not.toContain('person-')
})

test.concurrent('what cannot be read, and what comes from a pool or bucket nobody knows, is kept once and deleted', async ({
  expect,
}) => {
  await using world = await createWorld(ankiPool)
  await using queue = await createQueue(world)
  const stranger = signUp(linus, { userPoolId: 'us-east-1_other' })
  const bodies = ['not JSON\u{1f600}', stranger, fixture('s3-object-put'), fixture('s3-object-deleted')]
  await queue.send(...bodies)

  await using _ = consume(world, queue)
  await untilEmpty(queue)

  expect((await rejectedIn(world)).map(({ reason, body }) => ({ reason, body }))).toEqual([
    { reason: 'bucket is no bucket known here', body: JSON.stringify(fixture('s3-object-put')) },
    { reason: 'bucket is no bucket known here', body: JSON.stringify(fixture('s3-object-deleted')) },
    { reason: 'the body is not JSON', body: 'not JSON\u{1f600}' },
    { reason: 'userPoolId is no pool known here', body: JSON.stringify(stranger) },
  ])
  expect(await jobsIn(world)).toEqual([])
})

test.concurrent('of one message with several records, what can be done is done, and what cannot is kept', async ({
  expect,
}) => {
  await using world = await createWorld()
  await using queue = await createQueue(world)
  const table = [
    when(
      's3.object-created',
      inBucket(() => 'papers'),
      doNothing,
      ({ key }) => ({
        key: key === 'bad' ? '' : key,
      }),
    ),
  ]
  const known = objectsPut('papers', 'one', 'bad', 'two words') as { Records: unknown[] }
  const unknown = objectsPut('elsewhere', 'three') as { Records: unknown[] }
  await queue.send({ Records: [...known.Records, ...unknown.Records] })

  await using _ = consume(world, queue, { react: (event) => reactTo(event, world.config, table) })
  await untilEmpty(queue)

  expect((await jobsIn(world)).map(({ key }) => key)).toEqual(['one', 'two words'])
  expect((await rejectedIn(world)).map(({ reason }) => reason)).toEqual([
    'bucket is no bucket known here; millrace.do-nothing does not take the event: key',
  ])
})

test.concurrent('a message that Postgres refuses holds nobody else up, and is kept when it was refused every time', async ({
  expect,
}) => {
  await using world = await createWorld(ankiPool)
  await using queue = await createQueue(world)
  await change(
    world,
    `create function public.refuse() returns trigger language plpgsql as
       $$ begin raise exception 'not % again', new.data using errcode = 'P0042'; end $$`,
  )
  await change(
    world,
    `create trigger refuse before insert on millrace.jobs for each row
       when (new.data ->> 'username' = 'linus') execute function public.refuse()`,
  )
  await queue.send(signUp(ada), signUp(linus), signUp(grace))

  await using _ = consume(world, queue, { visibilitySeconds: 1 })
  await untilEmpty(queue)

  expect((await jobsIn(world)).map(({ key }) => key)).toEqual([ada.sub, grace.sub])
  expect((await rejectedIn(world)).map(({ reason, body }) => ({ reason, body }))).toEqual([
    { reason: 'it was refused every time: P0042', body: JSON.stringify(signUp(linus)) },
  ])
  expect(await outcomes(world)).toEqual({ accepted: 2, refused: 4, rejected: 1 })
})

test.concurrent('a reaction that breaks is an operator’s business and does not stop the others', async ({
  expect,
}) => {
  await using world = await createWorld(ankiPool)
  await using queue = await createQueue(world)
  await queue.send(signUp(ada), signUp(grace))

  await using _ = consume(world, queue, {
    react: (event) => {
      if (event.kind === 'cognito.user-confirmed' && event.sub === ada.sub) throw new TypeError(event.email)
      return reactTo(event, world.config)
    },
  })
  await untilEmpty(queue)

  expect((await jobsIn(world)).map(({ key }) => key)).toEqual([grace.sub])
  expect((await rejectedIn(world)).map(({ reason }) => reason)).toEqual([
    'the reaction to cognito.user-confirmed broke: TypeError',
  ])
})
