import { once } from 'node:events'
import { chmodSync } from 'node:fs'
import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import path from 'node:path'
import { takeLock } from './lock.ts'

/** The fallback where there is no dynoxide: a DynamoDB in this process, over LevelDB, without transactions. */
export async function startDynalite(directory: string, port: number) {
  const lock = takeLock(directory, 'DynamoDB')
  try {
    chmodSync(directory, 0o700)
    const server = loadDynalite()({
      path: path.join(directory, 'dynalite'),
      createTableMs: 20,
      deleteTableMs: 20,
    })
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')

    let stopped: Promise<void> | undefined
    return {
      endpoint: `http://127.0.0.1:${port}`,
      pid: process.pid,
      stop: () => (stopped ??= close(server).finally(() => lock.release())),
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

interface DynaliteOptions {
  path: string
  createTableMs: number
  deleteTableMs: number
}

/** The package has no types, and takes its time to load: only where it is needed. */
function loadDynalite(): (options: DynaliteOptions) => Server {
  return createRequire(import.meta.url)('dynalite') as (options: DynaliteOptions) => Server
}

function close(server: Server): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.close((error) => (error ? reject(error) : resolve()))
  server.closeAllConnections()
  return promise
}
