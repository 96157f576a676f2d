import { randomUUID } from 'node:crypto'

/**
 * A UUID of version 7 (RFC 9562): 48 bits of time, then chance. Rows made together lie together, and an id tells when it
 * was made. Built on `randomUUID`, whose pool of entropy makes it many times cheaper than asking for bytes each time.
 */
export function timeOrderedId(now: number = Date.now()): string {
  const time = now.toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
}
