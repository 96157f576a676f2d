import path from 'node:path'
import { Redis as Client } from 'ioredis'
import type { RedisProgram } from './redis-program.ts'
import { startServer, type Server } from './server.ts'
import { removeElsewhere, socketFolder, socketPlace } from './sockets.ts'

export { findRedis, type RedisProgram } from './redis-program.ts'

export interface Redis extends Server {
  /** The absolute path of its unix socket. It listens on no TCP port. */
  url: string
  version: string
}

export interface RedisOptions extends RedisProgram {
  /** Holds everything: data, socket, log, lock. Created if need be. */
  directory: string
  /** `false` for tests: nothing is written to disk and a restart forgets everything. Default: true. */
  persist?: boolean
  /** Told in one line when something of an earlier run had to be cleared away. Default: stderr. */
  say?: (line: string) => void
}

/**
 * Starts a private Redis, set up as a job queue needs it: it refuses writes rather than evict anything. It
 * ends when this process ends. Throws `Plain` when another start uses the directory or when it does not come up.
 */
export async function startRedis(options: RedisOptions): Promise<Redis> {
  const directory = path.resolve(options.directory)
  const wanted = path.join(directory, 'socket')
  const url = path.join(socketPlace(wanted), 'redis.sock')
  const settings = {
    port: '0', // none at all
    unixsocket: url,
    unixsocketperm: '700',
    dir: directory,
    appendonly: (options.persist ?? true) ? 'yes' : 'no',
    appendfsync: 'everysec',
    save: '',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
    loglevel: 'warning',
  }
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  let version = ''

  const server = await startServer({
    name: 'Redis',
    directory,
    async prepare() {
      socketFolder(wanted, undefined)
      return { file: options.binary, args, env: options.env }
    },
    async answers() {
      version = await askVersion(url)
      return true
    },
    patience: 60,
    stopping: [['SIGTERM', 10]],
    killing: 'SIGKILL',
    ended: async () => removeElsewhere(socketPlace(wanted)),
    say: options.say,
  })
  return Object.assign(server, { url, version })
}

async function askVersion(socket: string): Promise<string> {
  const client = new Client(socket, { lazyConnect: true, enableReadyCheck: false, retryStrategy: () => null })
  client.on('error', () => {
    // connect() below rejects with the same error; without a listener ioredis would print it as well
  })
  try {
    await client.connect()
    await client.ping() // an error as long as it reads its data from disk
    return /redis_version:(\S+)/.exec(await client.info('server'))?.[1] ?? 'unknown'
  } finally {
    client.disconnect()
  }
}
