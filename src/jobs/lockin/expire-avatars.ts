import { z } from 'zod'
import { dropAbandoned, droppedOf, unheardPlaces } from '../../domains/lockin/avatars/expiry.ts'
import { minutes, seconds } from '../../shared/time.ts'
import { ask, backingOff, commit, defineJob, done } from '../define.ts'
import { dropAvatars } from './drop-avatars.ts'
import { prepareAvatar } from './prepare-avatar.ts'

/** Looks once at uploads nobody told of, and gives up pictures nobody has set, or has been able to set, within a day. */
export const expireAvatars = defineJob({
  name: 'lockin.expire-avatars',
  queue: 'maintenance',
  data: z.strictObject({ slot: z.iso.datetime() }),
  key: ({ slot }) => slot,
  again: 'never',
  retry: backingOff(5, seconds(30)),
  timeout: minutes(5),

  run: async () =>
    commit(async (tx) => {
      const unheard = await unheardPlaces(tx)
      await dropAbandoned(tx)
      const drops = await droppedOf(tx)
      return done(
        { unheard: unheard.length, people: drops.length },
        ...unheard.map((place) => ask(prepareAvatar, { ...place, writing: 'overdue' })),
        ...drops.map((drop) => ask(dropAvatars, drop)),
      )
    }),
})
