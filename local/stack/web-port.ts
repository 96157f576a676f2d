import { Plain } from '../launch/plain.ts'
import { freePort, wantPort } from '../launch/ports.ts'

const usual = 3000

/**
 * The port for the web process: PORT, else 3000. When nobody chose it and it is taken, `otherwise` decides: any free
 * port, or `Plain` that says how to choose.
 */
export async function findWebPort(given: NodeJS.ProcessEnv, otherwise: 'any' | 'refuse'): Promise<number> {
  const chosen = Number(given['PORT'] || usual)
  if (!Number.isInteger(chosen) || chosen < 0 || chosen > 65_535) {
    throw new Plain(`PORT=${given['PORT']} is not a port: choose one from 1024 to 65535`)
  }
  if (chosen === 0) return freePort()
  try {
    await wantPort(chosen)
    return chosen
  } catch (error) {
    if (!(error instanceof Plain)) throw error
    if (!given['PORT'] && otherwise === 'any') return freePort()
    throw new Plain(`${error.message}, for example PORT=${chosen + 1} npm run dev`, { cause: error })
  }
}
