import { z } from 'zod'
import { forgetDropped, removeUnused } from '../../domains/lockin/avatars/dropping.ts'
import { minutes, seconds } from '../../shared/time.ts'
import { backingOff, commit, defineJob, done, type Uses } from '../define.ts'
import { bucketOf } from './bucket-of.ts'

/**
 * Removes the pictures of a person that are of no use any more from the bucket, and then what is known of them. What is
 * of use is spared, so asking once too often does no harm.
 */
export const dropAvatars = defineJob({
  name: 'lockin.drop-avatars',
  queue: 'maintenance',
  data: z.strictObject({ profileId: z.uuid() }),
  key: ({ profileId }) => profileId,
  again: 'rerunIfActive', // another may have been dropped behind the back of one that runs
  retry: backingOff(12, seconds(10)), // for about an hour; then the clock asks again
  timeout: minutes(10),

  async run({ profileId }, { sql: db, lockinBucket, signal }: Uses<'sql' | 'lockinBucket' | 'signal'>) {
    const objects = await removeUnused(profileId, { db, bucket: bucketOf(lockinBucket), signal })
    return commit(async (tx) => done({ objects, forgotten: await forgetDropped(tx, profileId) }))
  },
})
