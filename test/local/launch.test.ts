import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { Redis as RedisClient } from 'ioredis'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { startDynalite } from '../../local/launch/dynalite.ts'
import { startDynamodb } from '../../local/launch/dynamodb.ts'
import { endLeftover, isRunning, remember } from '../../local/launch/leftovers.ts'
import { takeLock } from '../../local/launch/lock.ts'
import { Plain } from '../../local/launch/plain.ts'
import { freePort, wantPort } from '../../local/launch/ports.ts'
import { findUser } from '../../local/launch/postgres-place.ts'
import { startPostgres, type Postgres, type PostgresOptions } from '../../local/launch/postgres.ts'
import { findRedis, startRedis, type Redis, type RedisProgram } from '../../local/launch/redis.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const launchers = path.resolve(import.meta.dirname, '../../local/launch')
const say = () => undefined
let root: string
let redis: RedisProgram

beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'launch-'))
  chmodSync(root, 0o711) // a Postgres started by root runs as another user, who must get through
  redis = await findRedis({ cache: path.join(root, 'redis-program') })
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Whatever a test opened, closed in reverse order. */
const opened: (() => unknown)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})

let folders = 0
const newFolder = () => path.join(root, String(++folders))

async function postgresIn(directory: string, options: Partial<PostgresOptions> = {}): Promise<Postgres> {
  const server = await startPostgres({ directory, fsync: false, say, ...options })
  opened.push(() => server.stop())
  return server
}

async function redisIn(directory: string, persist: boolean): Promise<Redis> {
  const server = await startRedis({ directory, persist, say, ...redis })
  opened.push(() => server.stop())
  return server
}

async function query(connectionString: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

async function ask(url: string, command: string, ...args: string[]): Promise<unknown> {
  const client = new RedisClient(url)
  try {
    return await client.call(command, ...args)
  } finally {
    client.disconnect()
  }
}

/** Another process that runs `code` and stays; returns the JSON of its first line. */
async function elsewhere(code: string): Promise<{ answer: unknown; kill(): Promise<void> }> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  opened.push(kill)
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { answer: JSON.parse(line.toString()), kill }
}

const imported = (name: string, file: string) =>
  `import { ${name} } from ${JSON.stringify(path.join(launchers, file))}\n`
const stay = `; setInterval(() => {}, 1000)`

async function untilGone(pid: number): Promise<void> {
  while (isRunning(pid)) await sleep(20)
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(Plain)
  return (error as Plain).message
}

describe('Postgres', () => {
  test('answers at its url, with the password only', async () => {
    const postgres = await postgresIn(newFolder())

    const url = postgres.url('postgres')
    expect(await query(url, 'select current_user as who')).toEqual([{ who: 'app' }])
    await expect(query(url.replace(/:[^:@]+@/, ':guess@'), 'select 1')).rejects.toThrow('password')
    const socket = `postgres://app@/postgres?host=${postgres.socketDir}&port=${postgres.port}`
    expect(await query(socket, 'show max_connections')).toEqual([{ max_connections: '200' }])
  })

  test('keeps its data and its url over restart, crash and a new start', async () => {
    const directory = newFolder()
    const first = await postgresIn(directory, { settings: { max_connections: '50' } })
    const url = first.url('postgres')
    await query(url, "create table people as select 'Ada' as name")

    await first.restart()
    expect(await query(url, 'select name from people')).toEqual([{ name: 'Ada' }])
    const pid = first.pid
    await first.kill()
    expect(isRunning(pid)).toBe(false)
    await first.restart()
    expect(await query(url, 'select name from people')).toEqual([{ name: 'Ada' }])
    await first.kill()
    const second = await postgresIn(directory)
    expect(await query(second.url('postgres'), 'select name from people')).toEqual([{ name: 'Ada' }])
  })

  test('refuses a second start on its directory in one line that names the first', async () => {
    const directory = newFolder()
    const postgres = await postgresIn(directory)

    const message = await refusal(startPostgres({ directory }))

    expect(message).toContain(`process ${process.pid}`)
    expect(message).not.toContain('\n')
    expect(await query(postgres.url('postgres'), 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('shows the end of its log when it does not come up, and lets the next start in', async () => {
    const directory = newFolder()

    const message = await refusal(
      startPostgres({ directory, fsync: false, settings: { no_such_setting: '1' } }),
    )

    expect(message).toContain('Postgres ended with exit code 1 while starting')
    expect(message).toContain('unrecognized configuration parameter "no_such_setting"')
    await postgresIn(directory)
  })

  test.for(['PG_VERSION', 'millrace-password'])(
    'without %s is refused in one line, and not started',
    async (name) => {
      const directory = newFolder()
      const first = await postgresIn(directory)
      const [data] = (await query(first.url('postgres'), 'show data_directory')) as [
        { data_directory: string },
      ]
      await first.stop()
      rmSync(path.join(data.data_directory, name))

      const message = await refusal(startPostgres({ directory, fsync: false, say }))

      expect(message).toBe(
        `${data.data_directory} is no whole database any more, ${name} is missing: remove it (its data are lost) or set DATABASE_URL`,
      )
      takeLock(directory, 'Postgres').release()
    },
  )

  test('starts although the pid of its last run is now that of another program', async () => {
    const directory = newFolder()
    const first = await postgresIn(directory)
    const data = (await query(first.url('postgres'), 'show data_directory')) as [{ data_directory: string }]
    await first.stop()
    const stranger = spawn('sleep', ['60'], { ...(await findUser()), stdio: 'ignore' })
    opened.push(() => stranger.kill())
    writeFileSync(path.join(directory, 'pid'), JSON.stringify({ pid: stranger.pid, birth: 'long ago' }))
    writeFileSync(path.join(data[0].data_directory, 'postmaster.pid'), `${stranger.pid}\n`)

    const second = await postgresIn(directory)

    expect(await query(second.url('postgres'), 'select 1 as one')).toEqual([{ one: 1 }])
    expect(isRunning(stranger.pid ?? 0)).toBe(true)
  })

  test('moves where its user can reach it when root starts it below a closed folder', async (context) => {
    context.skip(process.getuid?.() !== 0, 'only root steps down to another user')
    const closed = newFolder()
    mkdirSync(closed, { mode: 0o700 })
    const directory = path.join(closed, 'postgres')
    const postgres = await postgresIn(directory)
    const base = readlinkSync(path.join(directory, 'elsewhere'))
    await query(postgres.url('postgres'), "create table people as select 'Ada' as name")
    await postgres.stop()

    const again = await postgresIn(directory)
    expect(await query(again.url('postgres'), 'select name from people')).toEqual([{ name: 'Ada' }])
    await again.stop()

    rmSync(closed, { recursive: true })
    mkdirSync(closed, { mode: 0o700 })
    const other = path.join(closed, 'other')
    await postgresIn(other)
    expect(existsSync(base)).toBe(false)
    opened.unshift(() => rmSync(readlinkSync(path.join(other, 'elsewhere')), { recursive: true }))
  })
})

describe('Redis', () => {
  test('keeps what it holds over restart and crash', async () => {
    const server = await redisIn(newFolder(), true)
    await ask(server.url, 'set', 'friend', 'Grace')

    await server.restart()
    expect(await ask(server.url, 'get', 'friend')).toBe('Grace')
    await server.kill()
    await server.restart()
    expect(await ask(server.url, 'get', 'friend')).toBe('Grace')
    expect(await ask(server.url, 'config', 'get', 'maxmemory-policy')).toEqual([
      'maxmemory-policy',
      'noeviction',
    ])
  })

  test('without persistence forgets everything and writes nothing', async () => {
    const server = await redisIn(newFolder(), false)
    await ask(server.url, 'set', 'friend', 'Grace')

    await server.restart()

    expect(await ask(server.url, 'get', 'friend')).toBe(null)
  })

  test('starts in a directory whose name is too long for a socket', async () => {
    const server = await redisIn(path.join(newFolder(), 'l'.repeat(90), 'redis'), false)

    expect(Buffer.byteLength(server.url)).toBeLessThanOrEqual(103)
    expect(await ask(server.url, 'ping')).toBe('PONG')
    await server.restart()
    expect(await ask(server.url, 'ping')).toBe('PONG')
    await server.stop()
    expect(existsSync(path.dirname(server.url))).toBe(false)
  })

  test('says that it ended by itself, and where its log is', async () => {
    const said: string[] = []
    const directory = newFolder()
    const server = await startRedis({ directory, persist: false, ...redis, say: (line) => said.push(line) })
    opened.push(() => server.stop())
    await server.kill()
    await server.restart()
    expect(said).toEqual([])

    process.kill(server.pid, 'SIGKILL')

    await expect
      .poll(() => said)
      .toEqual([
        `Redis ended by SIGKILL by itself: what needs it fails until all is started anew (see ${path.join(directory, 'redis.log')})`,
      ])
  })

  test('is another one when the first in the PATH does not run', async () => {
    const [broken, locked, folder] = [newFolder(), newFolder(), newFolder()]
    for (const each of [broken, locked, folder]) mkdirSync(each)
    writeFileSync(path.join(broken, 'redis-server'), '#!/bin/sh\nexit 3\n', { mode: 0o755 })
    writeFileSync(path.join(locked, 'redis-server'), '', { mode: 0o644 })
    mkdirSync(path.join(folder, 'redis-server'))
    vi.stubEnv('PATH', [broken, locked, folder, process.env['PATH']].join(path.delimiter))
    opened.push(() => vi.unstubAllEnvs())

    const found = await findRedis({ cache: path.join(root, 'redis-program') })

    expect(found).toEqual(redis)
  })

  test('is found by two processes at once', async () => {
    const cache = newFolder()

    const programs = await Promise.all([findRedis({ cache }), findRedis({ cache })])

    for (const program of programs) {
      const server = await startRedis({ directory: newFolder(), persist: false, ...program })
      opened.push(() => server.stop())
      expect(server.version).toMatch(/^\d+\.\d+/)
    }
  })

  test.for([
    ['no apt-get', {}],
    ['no way to the package archive', { PATH: process.env['PATH'], http_proxy: 'http://127.0.0.1:1' }],
  ] as const)('says what to install when there is none and %s', async ([, env], { skip }) => {
    skip('PATH' in env && !redis.binary.startsWith(root), 'this machine has a Redis of its own')
    for (const [name, value] of Object.entries({ PATH: newFolder(), ...env })) vi.stubEnv(name, value)
    opened.push(() => vi.unstubAllEnvs())

    const message = await refusal(findRedis({ cache: newFolder() }))

    expect(message.split('\n')[0]).toMatch(/apt install redis-server.*brew install redis.*REDIS_URL/)
  })
})

describe('DynamoDB', () => {
  const startFallback = async ({ directory }: { directory: string }) =>
    startDynalite(directory, await freePort())

  test.for([
    ['dynoxide', startDynamodb],
    ['dynalite', startFallback],
  ] as const)('keeps its tables: %s', async ([, start]) => {
    const directory = newFolder()
    const first = await start({ directory })
    opened.push(() => first.stop())
    const client = clientOf(first.endpoint)
    const key = { AttributeName: 'name', KeyType: 'HASH' as const }
    const attribute = { AttributeName: 'name', AttributeType: 'S' as const }
    await client.send(
      new CreateTableCommand({
        TableName: 'people',
        KeySchema: [key],
        AttributeDefinitions: [attribute],
        BillingMode: 'PAY_PER_REQUEST',
      }),
    )
    const Item = { name: { S: 'Linus' } }
    await vi.waitFor(() => client.send(new PutItemCommand({ TableName: 'people', Item })))
    expect(await refusal(start({ directory }))).toContain(`process ${process.pid}`)

    await first.stop()
    const second = await start({ directory })
    opened.push(() => second.stop())

    const { Item: found } = await clientOf(second.endpoint).send(
      new GetItemCommand({ TableName: 'people', Key: Item }),
    )
    expect(found).toEqual(Item)
  })

  function clientOf(endpoint: string): DynamoDBClient {
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
    const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials })
    opened.push(() => client.destroy())
    return client
  }
})

describe('when the launcher is killed with SIGKILL', () => {
  test('its servers end too, and the next start finds their data', async () => {
    const [forPostgres, forRedis] = [newFolder(), newFolder()]
    const launcher = await elsewhere(
      imported('startPostgres', 'postgres.ts') +
        imported('startRedis', 'redis.ts') +
        `const postgres = await startPostgres(${JSON.stringify({ directory: forPostgres, fsync: false })})
         const redis = await startRedis(${JSON.stringify({ directory: forRedis, ...redis })})
         console.log(JSON.stringify({ pids: [postgres.pid, redis.pid], url: postgres.url('postgres') }))` +
        stay,
    )
    const { pids, url } = launcher.answer as { pids: number[]; url: string }
    await query(url, "create table people as select 'Ada' as name")
    await refusal(startPostgres({ directory: forPostgres }))

    await launcher.kill()
    await Promise.all(pids.map(untilGone))

    const postgres = await postgresIn(forPostgres)
    expect(await query(postgres.url('postgres'), 'select name from people')).toEqual([{ name: 'Ada' }])
    await redisIn(forRedis, true)
  })

  test('a server that outlived it is ended by the next start, and a stranger with its pid is not', async () => {
    const directory = newFolder()
    mkdirSync(directory)
    const record = path.join(directory, 'pid')
    const survivor = spawn('sleep', ['60'], { stdio: 'ignore' })
    opened.push(() => survivor.kill('SIGKILL'))
    const pid = survivor.pid ?? 0
    remember(record, pid)
    const said: string[] = []

    const { birth } = JSON.parse(readFileSync(record, 'utf8')) as { birth: string }
    writeFileSync(record, JSON.stringify({ pid, birth: `not ${birth}` }))
    await endLeftover('Redis', record, ['SIGTERM'], (line) => said.push(line))
    expect(isRunning(pid)).toBe(true)

    remember(record, pid)
    await endLeftover('Redis', record, ['SIGTERM'], (line) => said.push(line))
    expect(isRunning(pid)).toBe(false)
    expect(said).toEqual([`stopping Redis, process ${pid}, which an earlier run left behind`])
  })
})

describe('the lock of a directory', () => {
  test('has one holder at a time, whom the refusal names', async () => {
    const directory = newFolder()
    const holder = await elsewhere(
      imported('takeLock', 'lock.ts') +
        `takeLock(${JSON.stringify(directory)}, 'Millrace'); console.log(process.pid)` +
        stay,
    )

    expect(() => takeLock(directory, 'Millrace')).toThrow(
      `Millrace in ${directory} already runs, started by process ${String(holder.answer)}: ` +
        `stop that first (Ctrl-C in its terminal or kill ${String(holder.answer)})`,
    )
    await holder.kill()
    const lock = takeLock(directory, 'Millrace')
    expect(() => takeLock(directory, 'Millrace')).toThrow(`process ${process.pid}`)
    lock.release()
    lock.release()
    takeLock(directory, 'Millrace').release()
  })
})

describe('a port', () => {
  test('that is taken is refused in one line', async () => {
    const postgres = await postgresIn(newFolder())

    expect(await refusal(wantPort(postgres.port))).toMatch(/^port \d+ is taken by another program.*$/)
    await wantPort(await freePort())
    const message = await refusal(
      startPostgres({ directory: newFolder(), fsync: false, port: postgres.port }),
    )
    expect(message).toContain('Address already in use')
  })
})
