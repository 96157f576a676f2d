import { z } from 'zod'
import { expire } from '../../domains/prework/media/expire.ts'
import { minutes, seconds } from '../../shared/time.ts'
import { ask, backingOff, defineJob, done, type Uses } from '../define.ts'
import { processMedia } from './process-media.ts'
import { removeMediaObjects } from './remove-media-objects.ts'
import { storesOf } from './stores-of.ts'

/**
 * Looks once where an upload was to arrive, when it cannot any more: what nobody was told of is processed now, and a
 * place that was never filled is forgotten. To be asked for, with that delay, before the place is given to anybody.
 */
export const expireUpload = defineJob({
  name: 'prework.expire-upload',
  queue: 'maintenance',
  data: z.strictObject({ userId: z.uuid(), mediaId: z.uuid() }),
  key: ({ mediaId }) => mediaId,
  again: 'afterSettled',
  retry: backingOff(12, seconds(10)), // for about an hour
  timeout: minutes(2),

  async run(place, tools: Uses<'prework' | 'preworkBuckets' | 'signal' | 'trace'>) {
    const origin = { ip: '', userAgent: 'prework.expire-upload', requestId: tools.trace }
    const found = await expire(place, { ...storesOf(tools), signal: tools.signal, origin })
    if ('unheard' in found)
      return done(
        { outcome: 'unheard' },
        ask(processMedia, { ...place, bucket: found.unheard, writing: 'overdue' }),
      )
    if (found.outcome === 'settled') return done(found)
    return done(found, ask(removeMediaObjects, { ...place, when: 'now' }))
  },
})
