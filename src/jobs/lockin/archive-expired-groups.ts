import { z } from 'zod'
import { activateGroups, archiveGroups } from '../../domains/lockin/archive.ts'
import { seconds } from '../../shared/time.ts'
import { ask, backingOff, commit, defineJob, done, type Job } from '../define.ts'

const data = z.strictObject({
  /** The minute, or the moment somebody asked. */
  slot: z.iso.datetime(),
  batch: z.number().int().min(1).default(1),
})

export interface Archived {
  archived: number
  activated: number
  /** Another job has been asked for to go on. */
  more: boolean
}

/** So many that no batch holds its groups for long: 60 to 80 ms of Postgres' time. */
const AT_ONCE = { groups: 500, people: 2000 }

/** Archives the groups whose end has come, and tells their members: one batch, and follows itself while there may be more. */
export const archiveExpiredGroups: Job<typeof data, Archived> = defineJob({
  name: 'lockin.archive-expired-groups',
  queue: 'maintenance',
  data,
  key: ({ slot, batch }) => `${slot} ${batch}`,
  again: 'never',
  retry: backingOff(5, seconds(2)),
  timeout: seconds(30),

  run: async ({ slot, batch }) =>
    commit(async (tx) => {
      const archived = await archiveGroups(tx, AT_ONCE)
      const activated = await activateGroups(tx, AT_ONCE.groups)
      // A batch may be cut short by its people, so only an empty one is surely the last. What somebody holds comes with the
      // next slot: to go on for its sake would be to turn in circles.
      const more = archived > 0 || activated === AT_ONCE.groups
      const next = ask(archiveExpiredGroups, { slot, batch: batch + 1 })
      return done({ archived, activated, more }, ...(more ? [next] : []))
    }),
})
