import { CronExpressionParser } from 'cron-parser'
import { ask, type Ask, type Registry } from '../jobs/define.ts'
import { expireRecords } from '../jobs/iep/expire-records.ts'
import { archiveExpiredGroups } from '../jobs/lockin/archive-expired-groups.ts'
import { expireAvatars } from '../jobs/lockin/expire-avatars.ts'
import { remindMembers } from '../jobs/lockin/remind-members.ts'
import { trimHistory } from '../jobs/millrace/trim-history.ts'

/** Something that is asked for by the clock. */
export interface Schedule {
  name: string
  /** Five fields, or six with seconds first. */
  cron: string
  /** An IANA zone; the slots follow its clock through summer and winter. */
  zone: string
  /** After downtime: `all` asks for every missed slot, `latest` for the last of them, `skip` for none. */
  catchUp: 'all' | 'latest' | 'skip'
  /** The wish of one slot. Its key must contain the slot, or two slots are one job. */
  ask: (slot: Date) => Ask
}

/** What runs by the clock, and when. */
export const schedules: Schedule[] = [
  {
    name: 'trim-history',
    cron: '17 3 * * *',
    zone: 'UTC',
    catchUp: 'latest',
    ask: (slot) => ask(trimHistory, { slot: slot.toISOString() }),
  },
  {
    name: 'iep-expire-records',
    cron: '41 * * * *',
    zone: 'UTC',
    catchUp: 'latest',
    ask: (slot) => ask(expireRecords, { slot: slot.toISOString() }),
  },
  {
    name: 'lockin-expire-avatars',
    cron: '26 * * * *',
    zone: 'UTC',
    catchUp: 'latest',
    ask: (slot) => ask(expireAvatars, { slot: slot.toISOString() }),
  },
  {
    // Evenings begin on a quarter of an hour in every zone.
    name: 'lockin-remind-members',
    cron: '*/15 * * * *',
    zone: 'UTC',
    catchUp: 'latest',
    ask: (slot) => ask(remindMembers, { slot: slot.toISOString() }),
  },
  {
    name: 'lockin-archive-expired-groups',
    cron: '* * * * *',
    zone: 'UTC',
    catchUp: 'latest',
    ask: (slot) => ask(archiveExpiredGroups, { slot: slot.toISOString() }),
  },
]

/**
 * Checks the table before anything starts.
 * @throws Error with a sentence: an unknown job, a bad expression or zone, two schedules of one name.
 */
export function checkSchedules(table: Schedule[], registry: Registry): void {
  const names = new Set<string>()
  for (const schedule of table) {
    if (names.has(schedule.name)) throw new Error(`Two schedules are called ${schedule.name}.`)
    names.add(schedule.name)
    const { job } = schedule.ask(new Date())
    if (!registry.has(job.name))
      throw new Error(`The schedule ${schedule.name} names an unknown job, ${job.name}.`)
    try {
      slotsAfter(schedule, Date.now(), Date.now())
    } catch (error) {
      throw new Error(`The schedule ${schedule.name} cannot be read: ${(error as Error).message}`, {
        cause: error,
      })
    }
  }
}

/** The slots in (after, until], as milliseconds since 1970, oldest first; of more than 1,000 the newest 1,000. */
export function slotsAfter(
  schedule: Pick<Schedule, 'cron' | 'zone'>,
  after: number,
  until: number,
): number[] {
  const slots: number[] = []
  // Backwards from `until`: after a year of downtime the newest slots are the ones that matter.
  const cron = CronExpressionParser.parse(schedule.cron, {
    currentDate: new Date(until + 1),
    tz: schedule.zone,
  })
  while (slots.length < 1000) {
    const slot = cron.prev().getTime()
    if (slot <= after) break
    slots.push(slot)
  }
  return slots.reverse()
}
