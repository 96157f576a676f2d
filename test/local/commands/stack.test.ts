import { EventEmitter, once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { createPresignedPost } from '@aws-sdk/s3-presigned-post'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { startGoogle } from '../../../local/google/server.ts'
import { isRunning } from '../../../local/launch/leftovers.ts'
import { findAddresses } from '../../../local/stack/addresses.ts'
import { createRenderer, isTrouble } from '../../../local/stack/output.ts'
import { findPlace } from '../../../local/stack/place.ts'
import { parseProcfile, readProcfile } from '../../../local/stack/procfile.ts'
import { ensureSecrets } from '../../../local/stack/secrets.ts'
import { findAccount } from '../../../local/stack/stores/aws.ts'
import { openMistral } from '../../../local/stack/stores/mistral.ts'
import { openS3 } from '../../../local/stack/stores/s3.ts'
import type { Setting } from '../../../local/stack/stores/setting.ts'
import { openSqs } from '../../../local/stack/stores/sqs.ts'
import { supervise, type Supervisor } from '../../../local/stack/supervise.ts'
import { watchSource } from '../../../local/stack/watch-source.ts'
import { drawTimeline } from '../../../local/commands/demo/timeline.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'millrace-stack-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe('a Procfile', () => {
  test('is read as words, without a shell', () => {
    const lines = parseProcfile(`# who does what\n\nweb: node "src/my server.ts" --say 'a "b"' x"y z"\n`)
    expect(lines).toEqual([{ name: 'web', command: ['node', 'src/my server.ts', '--say', 'a "b"', 'xy z'] }])
  })

  test('with a line nobody understands is refused with its number', () => {
    for (const line of ['web node', 'web:', 'web: node "x', ': node'])
      expect(() => parseProcfile(`clock: node c.ts\n${line}`)).toThrow('line 2 of the Procfile')
    expect(() => parseProcfile('web: a\nweb: b')).toThrow('two processes called web')
  })

  test('of this project names files that exist', () => {
    for (const { command } of readProcfile()) {
      expect(command[0]).toBe('node')
      expect(existsSync(path.resolve(command[1] ?? '')), command.join(' ')).toBe(true)
    }
  })
})

describe('supervised processes', () => {
  const said: string[] = []
  const news = new EventEmitter()
  const tell = (line: string): void => {
    said.push(line)
    news.emit('line')
  }
  let supervisor: Supervisor
  afterEach(() => supervisor.stop(new AbortController().signal))

  /** Runs one script as process `one`; resolves when everything looked for was said. */
  function start(script: string, deaths = 10): { hopeless: Promise<Error> } {
    said.length = 0
    const { promise: hopeless, resolve } = Promise.withResolvers<Error>()
    supervisor = supervise({
      lines: [{ name: 'one', command: [process.execPath, '-e', script] }],
      envOf: () => ({ PATH: process.env['PATH'] }),
      hear: (name, line) => tell(`${name}: ${line}`),
      say: tell,
      onChange: () => news.emit('line'),
      deaths,
      onHopeless: resolve,
      patience: 20,
    })
    return { hopeless }
  }
  const until = async (enough: () => boolean): Promise<void> => {
    while (!enough()) await once(news, 'line')
  }
  const times = (line: string): number => said.filter((each) => each === line).length

  const patient = `console.log('here'); setInterval(() => {}, 1000)`

  test('are started again when they die, and named by the pid they have then', async () => {
    start(patient)
    await until(() => times('one: here') === 1)
    const { one: first = 0 } = supervisor.pids()

    process.kill(first, 'SIGKILL')

    await until(() => times('one: here') === 2)
    expect(supervisor.pids()['one']).not.toBe(first)
    expect(said).toContain('one ended by SIGKILL; it is started again at once')
  })

  test('that keep dying are given up, with what they said last', async () => {
    const { hopeless } = start(`console.error('no use'); process.exit(3)`, 3)
    expect((await hopeless).message).toBe('one keeps dying, last with exit code 3')
    expect(times('one: no use')).toBe(3)
    expect(supervisor.pids()).toEqual({})
  })

  test('that can not be started at all are given up', async () => {
    const { promise, resolve } = Promise.withResolvers<Error>()
    supervisor = supervise({
      lines: [{ name: 'one', command: ['/nowhere/program'] }],
      envOf: () => ({}),
      hear: () => undefined,
      say: () => undefined,
      onChange: () => undefined,
      deaths: 2,
      onHopeless: resolve,
      patience: 1,
    })
    expect((await promise).message).toMatch(/one keeps dying|can't be started/)
  })

  test('are restarted as a whole, without that counting as a death', async () => {
    start(patient, 1)
    await until(() => times('one: here') === 1)
    for (const round of [2, 3]) {
      supervisor.restart()
      await until(() => times('one: here') === round)
    }
    expect(said.filter((line) => line.includes('started again'))).toEqual([])
  })

  test('that a change has broken wait for the next change', async () => {
    const switchFile = path.join(directory, 'works')
    writeFileSync(switchFile, '')
    start(`if (!require('node:fs').existsSync(${JSON.stringify(switchFile)})) process.exit(1); ${patient}`)
    await until(() => times('one: here') === 1)

    rmSync(switchFile)
    supervisor.restart()
    await until(
      () => times('one ended with exit code 1 right after a change; it waits for the next one') === 1,
    )
    expect(supervisor.pids()).toEqual({})
    writeFileSync(switchFile, '')
    supervisor.restart()

    await until(() => times('one: here') === 2)
  })

  test('are killed with all they started when somebody is in a hurry', async () => {
    start(`
      const { spawn } = require('node:child_process')
      process.on('SIGTERM', () => console.log('not yet'))
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
      child.on('spawn', () => console.log(child.pid))
      setInterval(() => {}, 1000)`)
    await until(() => said.some((line) => /^one: \d+$/.test(line)))
    const grandchild = Number(said.find((line) => /^one: \d+$/.test(line))?.slice(5))
    const { one: child = 0 } = supervisor.pids()
    const hurry = new AbortController()

    const stopped = supervisor.stop(hurry.signal)
    await until(() => times('one: not yet') === 1)
    hurry.abort()
    await stopped

    while (isRunning(grandchild)) await new Promise(setImmediate)
    expect(isRunning(child)).toBe(false)
  })
})

test('a change of a source file is told, what an editor leaves beside it is not', async () => {
  const told: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const watching = watchSource(directory, (file) => {
    told.push(file)
    if (file === 'job.ts') resolve()
  })

  writeFileSync(path.join(directory, '.job.ts.swp'), '')
  writeFileSync(path.join(directory, 'job.ts'), '')
  await promise
  watching.close()

  expect(told).toEqual(['job.ts'])
})

describe('what a process writes', () => {
  const render = createRenderer(['web', 'worker'])

  test('is one line for people: who, when, what', () => {
    const time = new Date(2026, 10, 21, 8, 5, 9).toISOString()
    const line = JSON.stringify({
      level: 30,
      time,
      process: 'web',
      pid: 1,
      ms: 4,
      route: '/jobs/:id',
      msg: 'request',
    })
    expect(stripVTControlCharacters(render('web', line))).toBe(
      'web     08:05:09 request ms=4 route=/jobs/:id',
    )
    const warning = JSON.stringify({ level: 40, time, msg: 'Redis is away', err: { code: 'ECONNREFUSED' } })
    expect(stripVTControlCharacters(render('worker', warning))).toBe(
      'worker  08:05:09 WARN Redis is away err={"code":"ECONNREFUSED"}',
    )
    expect(stripVTControlCharacters(render('web', '    at main.ts:3'))).toBe('web         at main.ts:3')
  })

  test('troubles somebody who only looks at the demo when it is an error or no log at all', () => {
    expect([30, 40, 50].map((level) => isTrouble(JSON.stringify({ level })))).toEqual([false, false, true])
    expect(isTrouble('SyntaxError: Unexpected token')).toBe(true)
    expect(isTrouble('{"half":')).toBe(true)
  })
})

test('secrets are made once, for their owner alone', () => {
  const place = findPlace({ MILLRACE_STATE: directory })

  const first = ensureSecrets(place)
  chmodSync(place.secretsFile, 0o644)
  const second = ensureSecrets(place)

  expect(second).toEqual(first)
  expect(statSync(place.secretsFile).mode & 0o777).toBe(0o600)
  expect(new Set(Object.values(first.keys)).size).toBe(5)
})

describe('the port of web', () => {
  const lines = [{ name: 'web', command: ['node'] as [string] }]

  test('is another one in the demo when 3000 is taken, which nobody asked for', async () => {
    const neighbour = createServer().listen(3000, '127.0.0.1')
    // Whether we got it or somebody had it before: it is taken now.
    await Promise.race([once(neighbour, 'listening'), once(neighbour, 'error').then(() => undefined)]).catch(
      (error: NodeJS.ErrnoException) => expect(error.code).toBe('EADDRINUSE'),
    )

    const addresses = await findAddresses(lines, {}, 'any port')
    expect(addresses.of('web')).not.toBe('http://127.0.0.1:3000')
    await expect(findAddresses(lines, {}, 'refuse')).rejects.toThrow('PORT=3001')
    await expect(findAddresses(lines, { PORT: '3000' }, 'any port')).rejects.toThrow('port 3000 is taken')
    neighbour.close()
  })

  test('must be one', async () => {
    await expect(findAddresses(lines, { PORT: 'http' }, 'any port')).rejects.toThrow(
      'PORT=http is not a port',
    )
  })
})

test('the local Google signs for the same person after a restart, at the same address', async () => {
  const place = path.join(directory, 'google')
  const tokenOf = async (endpoint: string): Promise<string> => {
    const answer = await fetch(`${endpoint}/token`, {
      method: 'POST',
      headers: { connection: 'close' }, // the next one at this address is another server
      body: JSON.stringify({ email: 'ada@example.org', name: 'Ada' }),
    })
    return ((await answer.json()) as { id_token: string }).id_token
  }
  const first = await startGoogle({ directory: place })
  const before = await tokenOf(first.endpoint)
  const nobody = { method: 'POST', headers: { connection: 'close' }, body: '{"email":"nobody"}' }
  expect((await fetch(`${first.endpoint}/token`, nobody)).status).toBe(400)
  await first.stop()

  const second = await startGoogle({ directory: place })
  const keys = (await (await fetch(second.jwksUrl)).json()) as Parameters<typeof createLocalJWKSet>[0]
  const verify = async (token: string) =>
    (await jwtVerify(token, createLocalJWKSet(keys), { issuer: second.issuer, audience: second.audience }))
      .payload
  expect(await verify(before)).toMatchObject({ email: 'ada@example.org', email_verified: true, name: 'Ada' })
  expect((await verify(await tokenOf(second.endpoint))).sub).toBe((await verify(before)).sub)
  expect(JSON.stringify(keys)).not.toContain('"d"')
  await second.stop()
})

test('a timeline draws each stretch where the one before ends', () => {
  const lines = drawTimeline(
    [
      { name: 'waiting', from: 1000, to: 1030 },
      { name: 'active', from: 1030, to: 1040 },
    ],
    8,
  )
  expect(lines).toEqual(['waiting  ━━━━━━      30 ms', 'active         ━━    10 ms'])
})

describe('the bucket of documents', () => {
  /** S3 and SQS of a stack whose environment names this. */
  async function open(given: Record<string, string>, closing: AsyncDisposableStack) {
    const place = findPlace({ MILLRACE_STATE: mkdtempSync(path.join(directory, 'stores-')) })
    const secrets = ensureSecrets(place)
    const setting: Setting = { place, given, secrets, ports: {}, closing, say: () => undefined }
    const account = findAccount(setting)
    const sqs = await openSqs(setting, account)
    const s3 = await openS3(setting, account, sqs)
    const client = { region: account.region, credentials: { ...account.credentials } }
    const objects = new S3Client({ ...client, endpoint: s3.facts.s3.endpoint, forcePathStyle: true })
    closing.defer(() => objects.destroy())
    const queue = new SQSClient({ ...client, endpoint: sqs.facts.sqs.endpoint })
    closing.defer(() => queue.destroy())
    const next = async (): Promise<unknown[]> => {
      const { queueUrl: QueueUrl } = sqs.facts.sqs
      const { Messages = [] } = await queue.send(
        new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 10, MaxNumberOfMessages: 10 }),
      )
      for (const { ReceiptHandle } of Messages)
        await queue.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
      return Messages.flatMap(({ Body = '' }) => (JSON.parse(Body) as { Records?: unknown[] }).Records ?? [])
    }
    return { s3, objects, next, mistral: () => openMistral(setting, account) }
  }

  test('takes a file from a browser, and what arrives there is told to the queue of events', async () => {
    await using closing = new AsyncDisposableStack()
    const { s3, objects, next } = await open({}, closing)
    const { endpoint, buckets } = s3.facts.s3
    expect(buckets).toContain('millrace-iep')
    expect(s3.env['IEP_BUCKET']).toBe('millrace-iep')

    const preflight = await fetch(`${endpoint}/millrace-iep/`, {
      method: 'OPTIONS',
      headers: { origin: 'http://localhost:5173', 'access-control-request-method': 'POST' },
    })
    expect(preflight.status).toBe(200)
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*')
    const key = 'ada/child/document/IEP of 2026.pdf'
    const { url, fields } = await createPresignedPost(objects, {
      Bucket: 'millrace-iep',
      Key: key,
      Conditions: [['content-length-range', 1, 100]],
    })
    const form = new FormData()
    for (const [name, value] of Object.entries(fields)) form.append(name, value)
    form.append('file', new Blob(['%PDF-1.7']))
    expect((await fetch(url, { method: 'POST', body: form })).status).toBe(204)

    let records: unknown[] = []
    while (records.length === 0) records = await next() // S3 says first that it may speak
    expect(records).toMatchObject([
      {
        eventName: 'ObjectCreated:Post',
        s3: { bucket: { name: 'millrace-iep' }, object: { key: 'ada/child/document/IEP+of+2026.pdf' } },
      },
    ])
  })

  test('has the name the environment says', async () => {
    await using closing = new AsyncDisposableStack()
    const { s3, objects } = await open({ IEP_BUCKET: 'documents-of-ada' }, closing)

    expect(s3.env['IEP_BUCKET']).toBe('documents-of-ada')
    await objects.send(new PutObjectCommand({ Bucket: 'documents-of-ada', Key: 'a', Body: 'a' }))
    expect(s3.facts.s3.buckets).not.toContain('millrace-iep')
  })

  test('is out of reach for the real Mistral, which is said', async () => {
    await using closing = new AsyncDisposableStack()
    const { mistral } = await open({ MISTRAL_API_KEY: 'a key' }, closing)

    const { env, note } = await mistral()

    expect(env).toEqual({ MISTRAL_API_KEY: 'a key' })
    expect(note).toBe(
      'https://api.mistral.ai with the key of the environment; it cannot reach the S3 stand-in',
    )
  })
})
