import { z } from 'zod'
import { settleArrival } from '../../domains/iep/arrivals.ts'
import { examine } from '../../domains/iep/arrivals/examination.ts'
import { afterCommit } from '../../shared/database.ts'
import { minutes } from '../../shared/time.ts'
import { ask, commit, defineJob, done, type Uses } from '../define.ts'
import { removeObjects } from './remove-objects.ts'
import { configured, ownerOf, persistently } from './step.ts'

type Wants = 'sql' | 'iepBucket' | 'nextSteps' | 'metrics' | 'signal'

/**
 * Looks at what arrived in the bucket and gives it its place: a healthy PDF becomes the child's document and is worked
 * on, what is of no use is removed. It looks at what is there now, so news that come twice or late do no harm.
 */
export const receiveDocument = defineJob({
  name: 'iep.receive-document',
  queue: 'documents',
  data: z.strictObject({
    userId: z.string().min(1).max(128),
    childId: z.uuid(),
    iepId: z.uuid(),
    /** Tells one writing of the object from another, of the same bytes too. */
    writing: z.string().max(200),
  }),
  key: ({ userId, childId, iepId }) => `${userId}/${childId}/${iepId}`,
  owner: ownerOf,
  again: 'whenChanged', // the same news again are no news
  retry: persistently,
  timeout: minutes(10),

  async run({ userId, childId, iepId }, { sql, iepBucket, nextSteps, metrics, signal }: Uses<Wants>) {
    const place = { userId, childId, iepId }
    const examined = await examine(place, { db: sql, bucket: configured(iepBucket, 'IEP_BUCKET'), signal })
    return commit(async (tx) => {
      const { outcome, remove, proceed } = await settleArrival(tx, place, examined)
      afterCommit(tx, () => metrics.iepDocuments.inc({ outcome }))
      const removals = remove.map((of) => ask(removeObjects, { userId, childId, ...of }))
      return done({ outcome }, ...removals, ...(proceed ? await nextSteps(tx, proceed) : []))
    })
  },
})
