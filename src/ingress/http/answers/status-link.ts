import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import type { Seen } from '../../../jobs/ledger/read.ts'
import { days } from '../../../shared/time.ts'

/** Lets whoever holds a link watch one job without any other credential, until a week after it was asked for. */
export interface StatusLinks {
  /** The link to a job; undefined when no secret is configured. The same for all of a round, so that ETags hold. */
  to(row: Pick<Seen, 'id' | 'round' | 'asked_at'>): string | undefined
  /** Whether `sig` opens this job. It goes on to do so when the job is asked for once more. */
  opens(id: string, sig: string | undefined): boolean
}

const VALID_FOR = days(7)

/** When a job was first asked for, in milliseconds since 1970: the first 48 bits of its id (UUID version 7) say so. */
export const bornAt = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)

export function createStatusLinks(secret: string | undefined): StatusLinks {
  if (secret === undefined) return { to: () => undefined, opens: () => false }

  const key = createSecretKey(secret, 'utf8')
  const macOf = (id: string, round: string, expires: string): string =>
    createHmac('sha256', key).update(`millrace status link ${id} ${round} ${expires}`).digest('base64url')

  return {
    to: ({ id, round, asked_at }) => {
      const askedAt = round === 1 ? bornAt(id) : asked_at
      const expires = String(Math.floor((askedAt + VALID_FOR) / 1000))
      return `/jobs/${id}?sig=${round}.${expires}.${macOf(id, String(round), expires)}`
    },
    opens: (id, sig) => {
      const [, round, expires, mac] = /^(\d{1,10})\.(\d{1,12})\.([\w-]{43})$/.exec(sig ?? '') ?? []
      if (round === undefined || expires === undefined || mac === undefined) return false
      // Characters are compared, not bytes: two spellings of the same bytes are not the same link.
      const genuine = timingSafeEqual(Buffer.from(mac), Buffer.from(macOf(id, round, expires)))
      return genuine && Number(expires) * 1000 > Date.now()
    },
  }
}
