import { setTimeout as wait } from 'node:timers/promises'
import { Unavailable } from '../../shared/errors.ts'
import type { Acting } from './audit.ts'
import { Refused } from './refused.ts'

/** What every item says of itself. Times are ISO 8601. */
export interface Revision {
  /** One more with every change. */
  version: number
  createdAt: string
  createdBy: string
  updatedAt: string
  updatedBy: string
  /** Of the request that made it, where that is to be answered once only. */
  askedFor?: string
}

/** A request that is to make one thing, however often it comes. */
export interface AskedOnce {
  /** The id of what it makes, the same each time. */
  id: string
  /** A digest of all it asks for. */
  askedFor: string
}

export const born = (by: Acting, now: string, once: AskedOnce | undefined): Revision => ({
  version: 1,
  createdAt: now,
  createdBy: by.userId,
  updatedAt: now,
  updatedBy: by.userId,
  ...(once ? { askedFor: once.askedFor } : {}),
})

export const revised = (known: Revision, by: Acting, now: string) => ({
  version: known.version + 1,
  updatedAt: now,
  updatedBy: by.userId,
})

/** A write's condition: the item is the one that was read. */
export const unchanged = ({ version }: Revision) => ({
  ConditionExpression: '#version = :version',
  ExpressionAttributeNames: { '#version': 'version' },
  ExpressionAttributeValues: { ':version': version },
})

/**
 * Changes what is there now: reads it and tries, anew whenever somebody else was faster. `change` answers undefined for that.
 * With `version` it is changed only as long as it is that version, which `change` has to look at with `wantVersion`.
 */
export async function changeWhatIsThere<Changed>(
  version: number | undefined,
  change: () => Promise<Changed | undefined>,
): Promise<Changed> {
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const changed = await change()
    if (changed !== undefined) return changed
    if (version !== undefined) throw new Refused('changed-meanwhile', 'version')
    await wait(Math.random() * 20 * Math.min(tries, 10))
  }
  throw new Unavailable('Others are changing the same. Please try again.')
}

/** @throws Refused changed-meanwhile when it is not the one that is known */
export function wantVersion(version: number | undefined, { version: present }: Revision): void {
  if (version !== undefined && version !== present) throw new Refused('changed-meanwhile', 'version')
}

const TRIES = 30
