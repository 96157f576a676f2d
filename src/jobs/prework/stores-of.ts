import type { PreworkBuckets } from '../../domains/prework/buckets.ts'
import type { PreworkStore } from '../../domains/prework/store.ts'
import { Trouble } from '../../shared/errors.ts'
import type { Uses } from '../define.ts'

/**
 * Where Pre-Work keeps what it knows, and its files.
 * @throws Trouble `not-configured`: the job waits, and is seen, until somebody sets the variable.
 */
export function storesOf({ prework: store, preworkBuckets: buckets }: Uses<'prework' | 'preworkBuckets'>): {
  store: PreworkStore
  buckets: PreworkBuckets
} {
  if (!store || !buckets)
    throw new Trouble('not-configured', 'PREWORK_ENVIRONMENT is not set for this worker.')
  return { store, buckets }
}
