import { existsSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { User } from './children.ts'
import { freePort } from './ports.ts'
import { findBinaries } from './postgres-binaries.ts'
import { ensureCluster, readPassword } from './postgres-cluster.ts'
import { findBase, findUser } from './postgres-place.ts'
import { NotUp, startServer, type Server } from './server.ts'
import { removeElsewhere, socketFolder, socketPlace } from './sockets.ts'

export interface Postgres extends Server {
  /** A `postgres://` url with password, over TCP on the loopback address. Does not create the database. */
  url(database: string): string
  /** The folder of its unix socket; whoever may enter it needs no password. */
  socketDir: string
  port: number
}

export interface PostgresOptions {
  /** Holds everything: data, socket, log, lock. Created if need be. */
  directory: string
  /** Default: any free port. */
  port?: number
  /** Settings of postgresql.conf, which win over the launcher's own. */
  settings?: Record<string, string>
  /** `false` for tests: a crash of the machine, though not of Postgres, may then damage the data. */
  fsync?: boolean
  /** Told in one line when something of an earlier run had to be cleared away. Default: stderr. */
  say?: (line: string) => void
}

/**
 * Starts a private Postgres with the superuser `app`, keeping its data in `directory` from one start to the
 * next. It ends when this process ends. Throws `Plain` when there is no Postgres for this machine, when
 * another start uses the directory, or when it does not come up.
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const attempts = options.port === undefined ? 3 : 1
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(options, options.port ?? (await freePort()))
    } catch (error) {
      // Between finding a free port and binding it, somebody else can be quicker.
      const portTaken = error instanceof NotUp && /address already in use/i.test(error.message)
      if (!portTaken || attempt === attempts) throw error
    }
  }
}

async function start(options: PostgresOptions, port: number): Promise<Postgres> {
  const directory = path.resolve(options.directory)
  const user = await findUser()
  const sync = options.fsync ?? true
  let found: Promise<Ground> | undefined
  const ground = () => (found ??= prepareGround(directory, user, sync))

  const server = await startServer({
    name: 'Postgres',
    directory,
    mode: user ? 0o711 : 0o700,
    async prepare(leftover) {
      const { bin, data, socketDir } = await ground()
      removeStalePid(data, leftover)
      socketFolder(path.join(path.dirname(data), 'socket'), user)
      const settings = { listen_addresses: '127.0.0.1', max_connections: '200', log_min_messages: 'warning' }
      const wanted = { ...settings, ...(sync ? {} : { fsync: 'off' }), ...options.settings }
      const flags = Object.entries(wanted).flatMap(([name, value]) => ['-c', `${name}=${value}`])
      const args = ['-D', data, '-p', String(port), '-k', socketDir, ...flags]
      return { file: path.join(bin, 'postgres'), args, env: neutral, as: user }
    },
    async answers(pid) {
      return isReady((await ground()).data, pid)
    },
    patience: 60,
    // Fast shutdown, then immediate shutdown: https://www.postgresql.org/docs/18/server-shutdown.html
    stopping: [
      ['SIGINT', 15],
      ['SIGQUIT', 5],
    ],
    killing: 'SIGQUIT',
    ended: async () => removeElsewhere((await ground()).socketDir),
    say: options.say,
  })

  const { password, socketDir } = await ground()
  return Object.assign(server, {
    url: (database: string) => `postgres://app:${password}@127.0.0.1:${port}/${database}`,
    socketDir,
    port,
  })
}

/** Dates, sorting and messages that don't depend on the machine. */
const neutral = { LC_ALL: 'C', TZ: 'UTC' }

interface Ground {
  bin: string
  data: string
  password: string
  socketDir: string
}

async function prepareGround(directory: string, user: User | undefined, sync: boolean): Promise<Ground> {
  const base = await findBase(directory, user)
  const { bin, major } = await findBinaries(base, user)
  const data = path.join(base, 'data')
  await ensureCluster({ data, bin, major, user, sync })
  const password = readPassword(data) // before anything runs that would have to be stopped again
  return { bin, data, password, socketDir: socketPlace(path.join(base, 'socket')) }
}

/**
 * Postgres refuses to start when the pid of its last run belongs to any process of the same user. When that
 * pid is the one we wrote down and know to be gone, the process is another program.
 */
function removeStalePid(data: string, gone: number | undefined): void {
  const file = path.join(data, 'postmaster.pid')
  if (gone && existsSync(file) && pidFileLines(file)[0] === String(gone)) rmSync(file)
}

/** The eighth line of postmaster.pid is what `pg_ctl --wait` looks at too. */
function isReady(data: string, pid: number): boolean {
  const lines = pidFileLines(path.join(data, 'postmaster.pid'))
  return lines[0] === String(pid) && lines[7] === 'ready'
}

function pidFileLines(file: string): string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.trim())
}
