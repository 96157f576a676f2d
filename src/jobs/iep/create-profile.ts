import { z } from 'zod'
import { ensureProfile } from '../../domains/iep/profiles.ts'
import { seconds } from '../../shared/time.ts'
import { commit, defineJob, done, patiently } from '../define.ts'
import { ownerOf } from './step.ts'

/** Gives a parent who signed up an empty profile. One that exists, because they were quicker, stays as it is. */
export const createProfile = defineJob({
  name: 'iep.create-profile',
  queue: 'quick',
  data: z.strictObject({ userId: z.string().min(1).max(128) }),
  key: ({ userId }) => userId,
  owner: ownerOf,
  again: 'never',
  retry: patiently,
  timeout: seconds(10),
  light: true,

  run: async ({ userId }) =>
    commit(async (tx) => {
      await ensureProfile(tx, userId)
      return done({ profile: true })
    }),
})
