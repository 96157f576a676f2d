import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { S3Client, ListBucketsCommand } from '@aws-sdk/client-s3'
import { Redis } from 'ioredis'
import { statSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import path from 'node:path'
import pg from 'pg'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isRunning } from '../../../local/launch/leftovers.ts'
import type { StackFile } from '../../../local/stack/stack-file.ts'
import { createState } from './states.ts'
import type { TestProcess } from '../../support/processes.ts'

describe('the stack of npm run dev', () => {
  const state = createState()
  let dev: TestProcess
  let stack: StackFile
  beforeAll(async () => {
    dev = state.start('dev')
    await dev.says('the end')
    stack = await state.stack()
  })
  afterAll(() => state[Symbol.asyncDispose]())

  test('is described by a file that only its owner may read, in which everything answers', async () => {
    expect(statSync(path.join(state.env['MILLRACE_STATE'] ?? '', 'stack.json')).mode & 0o777).toBe(0o600)
    expect(Object.keys(stack.processes)).toEqual(['web', 'worker', 'documents', 'media', 'clock', 'events'])
    expect(Object.values(stack.processes).filter(isRunning)).toHaveLength(6)
    for (const url of Object.values(stack.health)) expect((await fetch(`${url}/readyz`)).status).toBe(200)

    const console = await fetch(stack.console, { headers: basic(stack.operator) })
    expect(console.status).toBe(200)
    const postgres = new pg.Client({ connectionString: stack.postgres })
    await postgres.connect()
    expect((await postgres.query('select 1 from anki.user_profiles')).rowCount).toBe(0)
    await postgres.end()
    const redis = new Redis(stack.redis)
    expect(await redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction'])
    redis.disconnect()
    const s3 = new S3Client({ ...stack.s3, credentials: credentialsOf(stack.s3), forcePathStyle: true })
    expect((await s3.send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name)).toEqual(
      stack.s3.buckets.toSorted(),
    )
    expect((await fetch(`${stack.mistral}/v1/models`)).status).toBe(401)
    expect((await fetch(stack.dynamodb.endpoint)).status).toBeGreaterThan(0)
    for (const { issuer } of Object.values(stack.cognito.pools)) {
      expect((await fetch(`${issuer}/.well-known/jwks.json`)).status).toBe(200)
    }
  })

  test('gives a token, alone on stdout, with which a user is somebody', async () => {
    const { code, stdout } = await state.run('token', '--app', 'anki', '--email', 'grace@example.org')
    expect(code).toBe(0)
    const token = stdout.trim()
    expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
    const { sub, email, token_use: use } = decodeJwt(token)
    expect({ email, use }).toEqual({ email: 'grace@example.org', use: 'id' })

    // The sign-up travels the way of all sign-ups.
    await untilReady(`${stack.web}/anki/users/${sub}`, token)
  })

  test('gives the same user an access token, and refuses another password in one line', async () => {
    const account = ['--app', 'anki', '--email', 'linus@example.org', '--password', 'Linus-2026!']
    const made = await state.run('token', ...account, '--json')
    const { sub } = JSON.parse(made.stdout) as { sub: string }

    const access = await state.run('token', ...account, '--access')
    expect(decodeJwt(access.stdout.trim())).toMatchObject({ sub, token_use: 'access' })

    const refused = await state.run('token', '--app', 'anki', '--email', 'linus@example.org')
    expect(refused).toEqual({
      code: 1,
      stdout: '',
      stderr: 'linus@example.org has another password in the pool of anki: name it with --password\n',
    })
  })

  test('gives Rundi the ID token of a Google that web trusts', async () => {
    const { stdout } = await state.run('token', '--app', 'rundi', '--email', 'ada@example.org')
    const { sub } = decodeJwt(stdout.trim())

    const answer = await fetch(`${stack.web}/rundi/auth/ensure-user`, {
      method: 'POST',
      headers: { authorization: `Bearer ${stdout.trim()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ provider: 'google', provider_id: sub, email: 'ada@example.org', name: 'Ada' }),
    })
    expect(answer.status).toBe(201)
  })

  test('says how a token is asked for when it does not understand', async () => {
    for (const args of [[], ['--app', 'photos', '--email', 'ada@example.org'], ['--app', 'anki'], ['--ap']]) {
      const { code, stdout, stderr } = await state.run('token', ...args)
      expect(code).toBe(2)
      expect(stdout).toBe('')
      expect(stderr).toContain('usage: npm run -s token')
    }
  })

  test('is what provisioning it would make, and is left as it is by that', async () => {
    const checked = await state.run('provision', '--env', 'dev', '--local', '--check')
    expect(checked.stdout.split('\n').filter((line) => line && !line.startsWith('= '))).toEqual([])
    expect(checked).toMatchObject({ code: 0, stderr: '' })
    const made = await state.run('provision', '--env', 'dev', '--local')
    expect(made.stdout).toMatch(/\nNothing was to be done\.\n$/)
    const wished = await state.run('provision', '--env', 'dev', '--local', '--queue', 'other')
    expect(wished).toMatchObject({ code: 2, stderr: expect.stringMatching(/leave out --queue\n$/) as string })
  })

  test('says in one line what is no address to the local Google', async () => {
    const { code, stderr } = await state.run('token', '--app', 'rundi', '--email', 'a@b')
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'the local Google does not take a@b for an address\n',
    })
  })

  test('is migrated by hand without naming a database', async () => {
    expect(await state.run('migrate')).toEqual({
      code: 0,
      stdout: 'the database is up to date\n',
      stderr: '',
    })
  })

  test('has a queue whose messages are taken in, and become dead letters after five times', async () => {
    const sqs = new SQSClient({ ...stack.sqs, credentials: credentialsOf(stack.sqs) })
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: stack.sqs.queueUrl, AttributeNames: ['RedrivePolicy'] }),
    )
    expect(JSON.parse(Attributes?.['RedrivePolicy'] ?? '')).toEqual({
      deadLetterTargetArn: expect.stringMatching(/:millrace-events-dead$/),
      maxReceiveCount: 5,
    })

    // What nobody understands is kept for an operator.
    await sqs.send(new SendMessageCommand({ QueueUrl: stack.sqs.queueUrl, MessageBody: 'not JSON' }))

    const postgres = new pg.Client({ connectionString: stack.postgres })
    await postgres.connect()
    const rejected = async () => (await postgres.query('select body from millrace.rejected_messages')).rows
    await expect.poll(rejected, { timeout: 30_000 }).toContainEqual({ body: 'not JSON' })
    await postgres.end()
    sqs.destroy()
  })

  test('refuses a second one beside it with one line, and is not disturbed', async () => {
    const second = await state.run('dev')

    expect(second.code).toBe(1)
    expect(second.stdout).toBe('')
    expect(second.stderr).toMatch(/^the local stack in .* already runs, started by process \d+: .*\n$/)
    expect((await fetch(`${stack.web}/readyz`)).status).toBe(200)
    expect(await state.stack()).toMatchObject({ pid: stack.pid })
  })

  test('starts a killed worker again, and says who it is now', async () => {
    const { worker = 0 } = stack.processes

    process.kill(worker, 'SIGKILL')

    const now = await state.stack(({ processes }) => ![undefined, worker].includes(processes['worker']))
    expect(isRunning(now.processes['worker'] ?? 0)).toBe(true)
    expect(now.processes).toEqual({ ...stack.processes, worker: now.processes['worker'] })
    expect(now.ready).toBe(true)
    await dev.says('worker ended by SIGKILL; it is started again at once')
    await untilOk(`${stack.health['worker']}/readyz`)
  })

  test('takes everything with it when it is killed, and starts again in the same place', async () => {
    process.kill(stack.pid, 'SIGKILL')
    await state.nothingRuns()
    expect((await state.run('token', '--app', 'anki', '--email', 'ada@example.org')).stderr).toMatch(
      /^the local stack was killed .*\n$/,
    )

    dev = state.start('dev')
    await dev.says('the end')
    const again = await state.stack()

    expect(again.pid).not.toBe(stack.pid)
    const { stdout } = await state.run('token', '--app', 'anki', '--email', 'grace@example.org')
    const { sub } = decodeJwt(stdout.trim())
    await untilReady(`${again.web}/anki/users/${sub}`, stdout.trim())
  })

  test('ends with Ctrl-C and leaves nothing behind', async () => {
    dev.signal('SIGINT')

    expect(await dev.exited).toBe(0)
    expect(state.processes()).toEqual([])
    expect(state.hasStackFile()).toBe(false)
  })
})

test('a taken port is one clear line that says how to choose another', async () => {
  const neighbour = createServer().listen(0, '127.0.0.1')
  await once(neighbour, 'listening')
  const { port } = neighbour.address() as { port: number }
  await using state = createState({ PORT: String(port) })

  const { code, stderr, stdout } = await state.run('dev')
  neighbour.close()

  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(new RegExp(`^port ${port} is taken by another program: .*PORT=${port + 1}.*\\n$`))
})

test('what the environment names is used, and must answer', async () => {
  await using state = createState({
    AWS_ACCESS_KEY_ID: 'ada',
    AWS_SECRET_ACCESS_KEY: 'a-secret',
    REDIS_URL: '/nowhere',
  })

  const { code, stderr } = await state.run('dev')

  expect(code).toBe(1)
  expect(stderr).toContain('the Redis of REDIS_URL does not answer')
  expect(stderr).toContain('name its queue in EVENTS_QUEUE_URL')
  expect(stderr.trim().split('\n')).toHaveLength(2)
})

const basic = ({ name, password }: { name: string; password: string }): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
})

function credentialsOf({ accessKeyId = '', secretAccessKey = '' }: StackFile['s3'] | StackFile['sqs']) {
  return { accessKeyId, secretAccessKey }
}

async function untilReady(url: string, token: string): Promise<void> {
  const ask = async () => (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).json()
  await expect.poll(ask, { timeout: 30_000 }).toEqual({ profile: true, collection: true, ready: true })
}

async function untilOk(url: string): Promise<void> {
  const ask = () =>
    fetch(url).then(
      ({ ok }) => ok,
      () => false,
    )
  await expect.poll(ask, { timeout: 30_000 }).toBe(true)
}
