import type { Running } from '../../../jobs/open.ts'
import type { Log } from '../../../shared/log.ts'
import { seconds, sleep } from '../../../shared/time.ts'

/** Runs light jobs in this process when no worker has claimed them in time. */
export interface LightRuns {
  /** Takes a ticket and returns at once. Whoever wants to know what came of it watches the row. */
  offer(ticket: { id: string; ticket: number }): void
  /** Takes nothing more and waits for what runs; what takes longer goes back unspent. */
  close(): Promise<void>
}

/** A light job rarely takes a tenth of this. */
const FINISH_WITHIN = seconds(3)

/** @param options.width jobs at once: with the workers away, waiting requests must not take every connection. */
export function createLightRuns(options: {
  running: () => Running | undefined
  width: number
  log: Log
}): LightRuns {
  const { running, width, log } = options
  const waiting = new Map<string, { id: string; ticket: number }>()
  const busy = new Set<Promise<void>>()
  let closed = false

  const pump = (): void => {
    for (const [key, ticket] of waiting) {
      if (busy.size >= width || closed) return
      waiting.delete(key)
      const taking: Promise<void> = take(ticket).finally(() => {
        busy.delete(taking)
        pump()
      })
      busy.add(taking)
    }
  }

  const take = async (ticket: { id: string; ticket: number }): Promise<void> => {
    try {
      await running()?.runner.take(ticket)
    } catch (error) {
      log.warn({ err: error, id: ticket.id }, 'could not run a light job here; the workers have it still')
    }
  }

  return {
    offer: (ticket) => {
      if (running() === undefined) return
      waiting.set(`${ticket.id}-${ticket.ticket}`, ticket)
      pump()
    },
    close: async () => {
      closed = true
      const finished = new AbortController()
      const all = Promise.all(busy).then(() => finished.abort())
      await Promise.race([all, sleep(FINISH_WITHIN, finished.signal)])
      if (busy.size > 0) running()?.lease.abortAll('shutdown')
      await all
    },
  }
}
