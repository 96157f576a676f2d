import { z } from 'zod'
import { minutes, seconds } from '../../shared/time.ts'
import { backingOff, defineJob, done } from '../define.ts'

/** Forgets what settled long ago: jobs with their history, slots, remembered requests and rejected messages. */
export const trimHistory = defineJob({
  name: 'millrace.trim-history',
  queue: 'maintenance',
  data: z.strictObject({ slot: z.iso.datetime() }),
  key: ({ slot }) => slot,
  again: 'never',
  retry: backingOff(5, seconds(30)),
  timeout: minutes(30),

  async run(_data, { history, signal, progress }) {
    let jobs = 0
    for (let removed = -1; removed !== 0; jobs += removed) {
      signal.throwIfAborted()
      removed = await history.trimJobs()
      progress(50, `removed ${jobs + removed} jobs`)
    }
    return done({ jobs, others: await history.trimTheRest(signal) })
  },
})
