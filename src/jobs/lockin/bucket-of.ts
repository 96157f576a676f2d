import type { Bucket } from '../../shared/bucket.ts'
import { Trouble } from '../../shared/errors.ts'

/**
 * The bucket of the pictures.
 * @throws Trouble `not-configured`: the job waits, and is seen, until somebody sets the variable.
 */
export function bucketOf(bucket: Bucket | undefined): Bucket {
  if (!bucket) throw new Trouble('not-configured', 'LOCKIN_BUCKET is not set for this worker.')
  return bucket
}
