import type { Say } from '../../../stack/progress.ts'
import type { Group, Notification } from './answers.ts'
import { clockIn, dayAndClockIn, type Night } from './clocks.ts'
import type { Inboxes } from './inbox.ts'
import type { Person } from './people.ts'
import { raceOf } from './night.ts'

const DAY = 86_400_000

/** One group, its day by one clock, and what that day is on the clocks of three people. */
export async function tellGroup(
  { owner, guests, inboxes, say }: { owner: Person; guests: Person[]; inboxes: Inboxes; say: Say },
  { zone, midnight }: Night,
): Promise<Group> {
  const group = await owner.ask<Group>({
    method: 'POST',
    path: '/groups',
    body: {
      name: 'Night readers',
      description: 'An hour a day, wherever we are',
      start_at: new Date(midnight.getTime() - 3 * DAY).toISOString(),
      end_at: new Date(midnight.getTime() + 11 * DAY).toISOString(),
      timezone: zone,
      period: 'daily',
      period_target_minutes: 60,
    },
    expected: 201,
  })
  say(`\n  ${owner.name} makes the group "${group.name}": an hour a day by the clock of ${zone},`)
  say(`  where the day is young (${clockIn(zone, new Date())}), and invites the others`)
  const invites = await Promise.all(
    guests.map((guest) =>
      owner.ask<Notification>({
        method: 'POST',
        path: `/groups/${group.id}:invite`,
        body: { recipient_id: guest.id },
        expected: 201,
      }),
    ),
  )
  await inboxes.until('group_invite', 1, group.id, guests)
  for (const [index, guest] of guests.entries())
    await guest.ask({ method: 'POST', path: `/invites/${invites[index]?.id}:accept`, expected: 200 })

  const [standing] = await raceOf(owner, group.id)
  say('  Both accept. A day of the group is, on the clock of')
  for (const { name, zone: home } of [owner, ...guests])
    say(
      `    ${name.padEnd(5)}  ${dayAndClockIn(home, standing?.period_start ?? '')} to ` +
        `${dayAndClockIn(home, standing?.period_end ?? '')}, ${home}`,
    )
  return group
}
