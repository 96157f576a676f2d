import type { Log } from '../../shared/log.ts'

/** Something this process needs and that may be away: says so once, and once when it is back, however many notice. */
export interface Absence {
  away(): boolean
  /** It did not answer. */
  missed(error: unknown): void
  /** It answered. */
  answered(): void
}

export function watchAbsence(what: string, log: Log): Absence {
  let away = false
  return {
    away: () => away,
    missed: (error) => {
      if (!away) log.warn({ err: error }, `${what} is away`)
      away = true
    },
    answered: () => {
      if (away) log.info(`${what} is back`)
      away = false
    },
  }
}

/** Milliseconds to wait after `tries` failures in a row: doubling from 200 ms to ten seconds, half of it random. */
export function pauseAfter(tries: number): number {
  const full = Math.min(200 * 2 ** (tries - 1), 10_000)
  return full / 2 + Math.random() * (full / 2)
}
