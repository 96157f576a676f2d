import { z } from 'zod'
import { removeObjectsOf, removeObjectsOfChild } from '../../domains/iep/objects.ts'
import { seconds, minutes } from '../../shared/time.ts'
import { backingOff, defineJob, done, type Uses } from '../define.ts'
import { configured } from './step.ts'

/**
 * Removes what nobody is meant to see any longer from the bucket: the objects of one upload or document or, without
 * `iepId`, all of a child's. It ends only when they are gone. Objects of what exists are spared, so asking once too
 * often does no harm.
 */
export const removeObjects = defineJob({
  name: 'iep.remove-objects',
  queue: 'maintenance',
  data: z.strictObject({
    userId: z.string().min(1).max(128),
    childId: z.uuid(),
    iepId: z.uuid().optional(),
    /** Of an upload that was looked at. Another at its place is spared: its news are still to come. */
    etag: z.string().max(200).optional(),
  }),
  key: ({ userId, childId, iepId = '*', etag }) =>
    `${userId}/${childId}/${iepId}${etag === undefined ? '' : `/${etag}`}`,
  owner: ({ userId }) => `iep:${userId}`,
  again: 'rerunIfActive', // something may have arrived behind the back of one that runs
  retry: backingOff(150, seconds(2)), // for about a day
  timeout: minutes(30),

  async run(
    { userId, childId, iepId, etag },
    { sql: db, iepBucket, signal }: Uses<'sql' | 'iepBucket' | 'signal'>,
  ) {
    const bucket = configured(iepBucket, 'IEP_BUCKET')
    const removed = iepId
      ? await removeObjectsOf({ db, bucket, place: { userId, childId, iepId }, etag, signal })
      : await removeObjectsOfChild({ db, bucket, place: { userId, childId }, signal })
    return done({ removed })
  },
})
