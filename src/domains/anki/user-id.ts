import { z } from 'zod'
import { missingOr } from '../../shared/text.ts'

/**
 * A Cognito user id (`sub`) in canonical form: lower-case hex in groups of 8-4-4-4-12. Version and variant bits are
 * not looked at, since newer Cognito pools do not set them as RFC 9562 wants.
 */
export const cognitoUserId = z.guid({ error: missingOr('is not a UUID') }).toLowerCase()

/**
 * The last gate before an id becomes part of a path.
 * @throws Error when it is anything but a canonical id; a fault in this program, never a caller's.
 */
export function assertCanonical(uuid: string): void {
  if (!canonical.test(uuid)) throw new Error('Only a canonical user id may name a directory.')
}

const canonical = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
