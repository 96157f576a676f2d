import { Plain } from '../launch/plain.ts'
import { wantPort } from '../launch/ports.ts'

/**
 * Makes sure of every port the processes of `npm start` are to listen on, before any of them is started: a process that
 * finds its own taken would be started again and again. `others` counts those that are not web.
 */
export async function refuseTakenPorts(env: NodeJS.ProcessEnv, others: number): Promise<void> {
  const host = env['HOST'] || '127.0.0.1'
  const web = Number(env['PORT'] || 3000)
  const first = Number(env['HEALTH_PORT'] || 0)
  const last = first + others - 1
  if (last > 65_535) {
    throw new Plain(
      `HEALTH_PORT=${first} leaves no room for ${others} processes: choose one up to ${65_536 - others}`,
    )
  }
  if (first > 0 && web >= first && web <= last) {
    throw new Plain(
      `PORT=${web} is one of the health ports, ${first} to ${last}: choose another PORT or HEALTH_PORT`,
    )
  }
  if (web > 0) await want('PORT', web, host)
  for (let port = first; first > 0 && port <= last; port += 1) await want('HEALTH_PORT', port, host)
}

async function want(name: string, port: number, host: string): Promise<void> {
  try {
    await wantPort(port, host)
  } catch (error) {
    if (!(error instanceof Plain)) throw error
    throw new Plain(`${error.message}, with ${name}`, { cause: error })
  }
}
