import { z } from 'zod'
import { abandonUpload, processUpload } from '../../domains/prework/media/process-upload.ts'
import { minutes, seconds } from '../../shared/time.ts'
import { ask, backingOff, defineJob, done, type Uses } from '../define.ts'
import { removeMediaObjects } from './remove-media-objects.ts'
import { storesOf } from './stores-of.ts'

type Wants = 'prework' | 'preworkBuckets' | 'signal' | 'trace'

/**
 * Looks into what somebody uploaded and keeps it, or says why not. A place is filled once: what arrives there after that
 * changes nothing and is removed, as is the upload itself.
 */
export const processMedia = defineJob({
  name: 'prework.process-media',
  queue: 'media',
  data: z.strictObject({
    userId: z.uuid(),
    mediaId: z.uuid(),
    /** Where it arrived. */
    bucket: z.enum(['uploads', 'documents']),
    /** Tells one writing of the object from another, of the same bytes too. */
    writing: z.string().max(200),
  }),
  key: ({ mediaId }) => mediaId,
  again: 'whenChanged', // the same news again are no news
  retry: backingOff(12, seconds(2)), // for about half an hour
  timeout: minutes(5),

  async run(arrived, tools: Uses<Wants>) {
    const settled = await processUpload(arrived, around(tools))
    return done(settled, ...(settled.outcome === 'absent' ? [] : [removal(arrived)]))
  },

  async undo(arrived, tools: Uses<Wants>) {
    await abandonUpload(arrived, around(tools))
  },

  onFailed: async (_tx, arrived) => [removal(arrived)],
})

const around = (tools: Uses<Wants>) => ({
  ...storesOf(tools),
  signal: tools.signal,
  origin: { ip: '', userAgent: 'prework.process-media', requestId: tools.trace },
})

const removal = ({ userId, mediaId }: { userId: string; mediaId: string }) =>
  ask(removeMediaObjects, { userId, mediaId, when: 'now' })
