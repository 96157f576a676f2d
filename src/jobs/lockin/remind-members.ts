import { z } from 'zod'
import { remindMembers as remindNext } from '../../domains/lockin/reminders.ts'
import { minutes, seconds } from '../../shared/time.ts'
import { ask, backingOff, commit, defineJob, done, type Job } from '../define.ts'

const data = z.strictObject({
  slot: z.iso.datetime(),
  /** The group after which this batch begins; without one, at the first. */
  after: z.uuid().optional(),
})

/**
 * Reminds those who have not reached their target yet, where it is evening now. A batch of groups in its commit, and the
 * next batch follows from it. The slot only names the run: one that comes late looks at the time it is.
 */
export const remindMembers: Job<typeof data, { reminded: number }> = defineJob({
  name: 'lockin.remind-members',
  queue: 'maintenance',
  data,
  key: ({ slot, after }) => `${slot}:${after ?? 'first'}`,
  again: 'never',
  retry: backingOff(5, seconds(5)),
  timeout: minutes(1),

  run: async ({ slot, after }) =>
    commit(async (tx) => {
      const { reminded, goOnAfter } = await remindNext(tx, after ?? null)
      return done({ reminded }, ...(goOnAfter ? [ask(remindMembers, { slot, after: goOnAfter })] : []))
    }),
})
