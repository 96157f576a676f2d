import { z } from 'zod'
import { removeUnused } from '../../domains/prework/media/remove-unused.ts'
import { minutes, seconds } from '../../shared/time.ts'
import { backingOff, defineJob, done, type Uses } from '../define.ts'
import { storesOf } from './stores-of.ts'

/**
 * Removes the objects of an upload that are of no use (any more) from all buckets. What is of use is spared, so asking
 * once too often does no harm.
 */
export const removeMediaObjects = defineJob({
  name: 'prework.remove-media-objects',
  queue: 'maintenance',
  data: z.strictObject({
    userId: z.uuid(),
    mediaId: z.uuid(),
    /** `later` is a promise made before something is done; one of its own, for it has to wait until that is done. */
    when: z.enum(['now', 'later']),
  }),
  key: ({ mediaId, when }) => `${mediaId}/${when}`,
  again: 'rerunIfActive', // something may have come to be of no use behind the back of one that runs
  retry: backingOff(12, seconds(10)), // for about an hour
  timeout: minutes(5),

  async run(place, tools: Uses<'prework' | 'preworkBuckets' | 'signal'>) {
    return done({ objects: await removeUnused(place, { ...storesOf(tools), signal: tools.signal }) })
  },
})
