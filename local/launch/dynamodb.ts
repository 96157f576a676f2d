import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { startDynalite } from './dynalite.ts'
import { freePort, wantPort } from './ports.ts'
import { startServer } from './server.ts'

export interface DynamoDb {
  endpoint: string
  /** Of the program; our own where the fallback runs inside this process. */
  readonly pid: number
  /** Bounded, and may be called twice. */
  stop(): Promise<void>
}

export interface DynamoDbOptions {
  /** Holds data, log and lock. Created if need be. */
  directory: string
  /** Default: any free port. */
  port?: number
  /** Told in one line when something of an earlier run had to be cleared away. Default: stderr. */
  say?: (line: string) => void
}

/**
 * Starts a local DynamoDB that keeps its tables in `directory`: dynoxide where npm brought its binary
 * (linux-x64), else dynalite, which knows no transactions. Throws `Plain` when the port is taken, when
 * another start uses the directory or when it does not come up.
 */
export async function startDynamodb(options: DynamoDbOptions): Promise<DynamoDb> {
  const directory = path.resolve(options.directory)
  if (options.port !== undefined) await wantPort(options.port)
  const port = options.port ?? (await freePort())
  const endpoint = `http://127.0.0.1:${port}`
  const binary = findDynoxide()
  if (!binary) return startDynalite(directory, port)

  const file = path.join(directory, 'dynoxide.sqlite')
  const args = ['--host', '127.0.0.1', '--port', String(port), '--db-path', file]
  const server = await startServer({
    name: 'DynamoDB',
    directory,
    prepare: () => Promise.resolve({ file: binary, args }),
    answers: () => answersHttp(endpoint),
    patience: 30,
    stopping: [['SIGTERM', 10]],
    killing: 'SIGKILL',
    say: options.say,
  })
  return Object.assign(server, { endpoint })
}

function findDynoxide(): string | undefined {
  const { resolve } = createRequire(import.meta.url)
  try {
    const manifest = resolve(`@dynoxide/${process.platform}-${process.arch}/package.json`)
    const binary = path.join(path.dirname(manifest), 'dynoxide')
    return existsSync(binary) ? binary : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}

/** Any answer will do, be it that the request was a bad one. */
async function answersHttp(endpoint: string): Promise<boolean> {
  const answer = await fetch(endpoint, { signal: AbortSignal.timeout(2000) })
  await answer.arrayBuffer()
  return true
}
