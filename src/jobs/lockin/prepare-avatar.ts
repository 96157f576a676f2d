import { z } from 'zod'
import { discardPicture, preparePicture, settlePicture } from '../../domains/lockin/avatars/preparing.ts'
import { minutes, seconds } from '../../shared/time.ts'
import { ask, backingOff, commit, defineJob, done, type Uses } from '../define.ts'
import { bucketOf } from './bucket-of.ts'
import { dropAvatars } from './drop-avatars.ts'

type Wants = 'sql' | 'lockinBucket' | 'signal'

/**
 * Makes the picture that will be shown of an image somebody uploaded, or refuses it. A place is filled once: what
 * arrives there after that changes nothing and is removed, as is the upload itself.
 */
export const prepareAvatar = defineJob({
  name: 'lockin.prepare-avatar',
  queue: 'media',
  data: z.strictObject({
    profileId: z.uuid(),
    avatarId: z.uuid(),
    /** Tells one writing of the object from another, of the same bytes too. */
    writing: z.string().max(200),
  }),
  key: ({ avatarId }) => avatarId,
  again: 'whenChanged', // the same news again are no news
  retry: backingOff(12, seconds(2)), // for about half an hour
  timeout: minutes(5),

  async run(place, { sql: db, lockinBucket, signal }: Uses<Wants>) {
    const prepared = await preparePicture(place, { db, bucket: bucketOf(lockinBucket), signal })
    if (prepared === 'absent') return done({ outcome: 'absent' })
    const removal = ask(dropAvatars, { profileId: place.profileId })
    return commit(async (tx) => {
      const inTime = prepared !== 'late' && (await settlePicture(tx, place, prepared))
      if (!inTime) return done({ outcome: 'late' }, removal)
      return done(prepared === 'ready' ? { outcome: 'ready' } : { outcome: 'refused', ...prepared }, removal)
    })
  },

  async undo(place, { sql: db, lockinBucket: bucket, signal }: Uses<Wants>) {
    if (bucket) await discardPicture(place, { db, bucket, signal })
  },

  async onFailed(tx, place) {
    await settlePicture(tx, place, { refused: 'could-not-prepare' })
    return [ask(dropAvatars, { profileId: place.profileId })]
  },
})
