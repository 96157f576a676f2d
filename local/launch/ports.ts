import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { Plain } from './plain.ts'

/**
 * A TCP port of the loopback address that nothing listens on at this moment, and that no system gives to outgoing connections
 * by itself: one of those may be gone again before its program has come to listen on it.
 */
export async function freePort(): Promise<number> {
  for (let tries = 1; tries < TRIES; tries += 1) {
    try {
      return await listenBriefly(randomInt(FIRST, LAST + 1))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    }
  }
  return listenBriefly(0)
}

/** Outgoing connections begin at 32768 on Linux and at 49152 elsewhere. */
const FIRST = 20_000
const LAST = 32_000
const TRIES = 20

/** Makes sure that a port, of the loopback address if nothing else is said, can be listened on. Throws `Plain` when it can't. */
export async function wantPort(port: number, host?: string): Promise<void> {
  try {
    await listenBriefly(port, host)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') {
      throw new Plain(`port ${port} is taken by another program: stop that program or choose another port`)
    }
    if (code === 'EACCES') {
      throw new Plain(`port ${port} is not open to this user: choose one above 1023`)
    }
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new Plain(`HOST=${host} is no address of this machine: choose one that is, such as 127.0.0.1`)
    }
    throw error
  }
}

function listenBriefly(port: number, host = '127.0.0.1'): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const server = createServer()
  server.once('error', reject)
  server.listen(port, host, () => {
    const address = server.address()
    const bound = typeof address === 'object' && address ? address.port : port
    server.close(() => resolve(bound))
  })
  return promise
}
