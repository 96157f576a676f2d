import { connect, createServer, type Socket } from 'node:net'

/** Stands between a client and its server, and breaks what goes through. */
export interface Proxy {
  /** The url of the server, through the proxy. */
  url: string
  /**
   * Cuts the connection on which the client next sends a message that contains `text`: before the server sees it, or
   * after the server has answered but before the client hears of it. Resolves once it happened.
   */
  cutAt(text: string, when: 'before' | 'after'): Promise<void>
  /** Connections that exist carry nothing from now on, without ending; new ones work. */
  silenceExisting(): void
  close(): Promise<void>
}

/** @param target a url with host and port, or the absolute path of a Redis socket. */
export async function startProxy(target: string): Promise<Proxy> {
  const to = new URL(target.startsWith('/') ? 'redis://127.0.0.1' : target)
  const server = target.startsWith('/') ? { path: target } : { host: to.hostname, port: Number(to.port) }
  const pairs = new Set<Pair>()
  const cuts: { text: string; when: 'before' | 'after'; happened: () => void }[] = []

  const listener = createServer((client) => {
    const upstream = connect(server)
    const pair: Pair = { client, upstream, silent: false, cutAnswer: undefined }
    pairs.add(pair)
    const end = (): void => {
      client.destroy()
      upstream.destroy()
      pairs.delete(pair)
    }
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end)
    client.on('data', (data) => {
      if (pair.silent) return
      const index = cuts.findIndex((cut) => data.includes(cut.text))
      const cut = index >= 0 ? cuts.splice(index, 1)[0] : undefined
      if (cut?.when === 'before') {
        end()
        cut.happened()
        return
      }
      pair.cutAnswer = cut?.happened
      upstream.write(data)
    })
    upstream.on('data', (data) => {
      if (pair.silent) return
      if (pair.cutAnswer) {
        end()
        pair.cutAnswer()
      } else client.write(data)
    })
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const address = listener.address()
  if (typeof address !== 'object' || !address) throw new Error('The proxy has no address.')
  to.host = `127.0.0.1:${address.port}`

  return {
    url: to.toString(),
    cutAt: (text, when) => new Promise((happened) => cuts.push({ text, when, happened })),
    silenceExisting: () => {
      for (const pair of pairs) pair.silent = true
    },
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve())
        for (const pair of pairs) {
          pair.client.destroy()
          pair.upstream.destroy()
        }
      }),
  }
}

interface Pair {
  client: Socket
  upstream: Socket
  silent: boolean
  cutAnswer: (() => void) | undefined
}
