import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { networkInterfaces } from 'node:os'

/**
 * Lets other machines of a private network, such as the containers of one composition, reach what listens on the
 * loopback interface: every other address of this machine listens at the same port and passes bytes on.
 */
export async function forward(port: number, closing: AsyncDisposableStack): Promise<void> {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  for (const { address } of addresses.filter(({ internal, family }) => !internal && family === 'IPv4')) {
    const server = createServer((outside) => {
      const inside = connect(port, '127.0.0.1')
      // Whichever end breaks, the other one is told by a broken connection too.
      outside.on('error', () => inside.destroy())
      inside.on('error', () => outside.destroy())
      outside.pipe(inside).pipe(outside)
    })
    server.listen(port, address)
    await once(server, 'listening')
    closing.defer(() => void server.close())
  }
}
