import { z } from 'zod'
import { announceMilestones } from '../../domains/lockin/milestones.ts'
import { seconds } from '../../shared/time.ts'
import { ask, commit, defineJob, done, patiently, type Job } from '../define.ts'

const data = z.strictObject({
  groupId: z.uuid(),
  /** The local date the period begins on. */
  periodDate: z.iso.date(),
  /** Counts the jobs that follow one another when there is much to tell. */
  part: z.int().min(2).optional(),
})

/**
 * Tells a group who has reached the target of a period, and that all have. It looks at what is true when it runs, so it
 * does not matter which change asked for it, how often, or in what order they came.
 */
export const notifyMilestone: Job<typeof data, { members: number; group: boolean }> = defineJob({
  name: 'lockin.notify-milestone',
  queue: 'quick',
  data,
  key: ({ groupId, periodDate, part }) => `${groupId}:${periodDate}${part ? `:${part}` : ''}`,
  again: 'rerunIfActive',
  retry: patiently,
  timeout: seconds(10),
  light: true,

  run: async ({ groupId, periodDate, part = 1 }) =>
    commit(async (tx) => {
      const { members, group, more } = await announceMilestones(tx, groupId, periodDate)
      const next = more ? [ask(notifyMilestone, { groupId, periodDate, part: part + 1 })] : []
      return done({ members, group }, ...next)
    }),
})
