import type { Running } from '../../jobs/open.ts'
import type { Log } from '../../shared/log.ts'
import { sleep } from '../../shared/time.ts'

/** Runs light jobs in this process when no worker has claimed them in time. */
export interface LightRuns {
  /** Takes a ticket and returns at once. Whoever wants to know what came of it watches the row. */
  offer(ticket: { id: string; ticket: number }): void
  /** Waits for what runs, at most so many milliseconds; what then still runs goes back unspent. */
  close(graceMs: number): Promise<void>
}

/** @param options.width jobs at once: with the workers away, waiting requests must not take every connection. */
export function createLightRuns(options: {
  running: () => Running | undefined
  width: number
  log: Log
}): LightRuns {
  const { running, width, log } = options
  const waiting = new Map<string, { id: string; ticket: number }>()
  let busy = 0
  let closed = false

  const pump = (): void => {
    for (const [key, ticket] of waiting) {
      if (busy >= width || closed) return
      waiting.delete(key)
      busy += 1
      void take(ticket).finally(() => {
        busy -= 1
        pump()
      })
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
    close: async (graceMs) => {
      closed = true
      const until = performance.now() + graceMs
      while (busy > 0 && performance.now() < until) await sleep(20)
      running()?.lease.abortAll('shutdown')
      while (busy > 0 && performance.now() < until + 6000) await sleep(20)
    },
  }
}
