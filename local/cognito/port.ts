import { once } from 'node:events'
import net from 'node:net'

/**
 * The wanted port, else the last one if it is still free, else any free one.
 * @throws when the wanted port is taken.
 */
export async function choosePort(wanted: number | undefined, last: number | undefined): Promise<number> {
  if (wanted) {
    if (await tryPort(wanted)) return wanted
    throw new Error(`Cognito cannot have port ${wanted}: it is taken`)
  }
  const port = (last && (await tryPort(last))) || (await tryPort(0))
  if (!port) throw new Error('no free port for Cognito')
  return port
}

/** Listens for a moment: the port, or undefined when somebody else has it. */
async function tryPort(port: number): Promise<number | undefined> {
  const server = net.createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined
    throw error
  }
  const chosen = (server.address() as net.AddressInfo).port
  server.close()
  await once(server, 'close')
  return chosen
}
