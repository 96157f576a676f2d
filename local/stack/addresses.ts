import { Plain } from '../launch/plain.ts'
import { freePort, wantPort } from '../launch/ports.ts'
import type { ProcfileLine } from './procfile.ts'

/** Where the processes answer HTTP: `web` at its port, the others at one for their health. */
export interface Addresses {
  /** The url of a process, without a slash at the end. */
  of(name: string): string
  all(): Record<string, string>
  /** How a process is told its port. */
  envOf(name: string): Record<string, string>
}

/**
 * Gives every process a port. For `web` it is PORT, else 3000; when nobody chose it and it is taken, any other or
 * `Plain` that says how to choose.
 */
export async function findAddresses(
  lines: ProcfileLine[],
  given: NodeJS.ProcessEnv,
  otherwise: 'any port' | 'refuse',
): Promise<Addresses> {
  const ports = new Map<string, number>()
  for (const { name } of lines) {
    if (name === 'web') ports.set(name, await findWebPort(given, otherwise))
    else ports.set(name, await anotherPort([...ports.values()]))
  }
  const of = (name: string): string => `http://${hostOf(given)}:${ports.get(name)}`
  return {
    of,
    all: () => Object.fromEntries([...ports.keys()].map((name) => [name, of(name)])),
    envOf: (name) => ({ [name === 'web' ? 'PORT' : 'HEALTH_PORT']: String(ports.get(name)) }),
  }
}

async function findWebPort(given: NodeJS.ProcessEnv, otherwise: 'any port' | 'refuse'): Promise<number> {
  const { PORT } = given
  const wanted = Number(PORT || 3000)
  if (!Number.isInteger(wanted) || wanted < 0 || wanted > 65_535) {
    throw new Plain(`PORT=${PORT} is not a port: choose one from 1024 to 65535`)
  }
  if (wanted === 0) return freePort()
  try {
    await wantPort(wanted)
    return wanted
  } catch (error) {
    if (!(error instanceof Plain)) throw error
    if (!PORT && otherwise === 'any port') return freePort()
    throw new Plain(`${error.message}, with PORT=${wanted + 1} for example`, { cause: error })
  }
}

/** The system may give the same free port twice, as nobody listens at it yet. */
async function anotherPort(taken: number[]): Promise<number> {
  for (;;) {
    const port = await freePort()
    if (!taken.includes(port)) return port
  }
}

/** Whoever listens everywhere is reached at the loopback address too. */
function hostOf({ HOST }: NodeJS.ProcessEnv): string {
  return !HOST || HOST === '0.0.0.0' || HOST === '::' ? '127.0.0.1' : HOST
}
