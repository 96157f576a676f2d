import { Plain } from '../../launch/plain.ts'
import type { Say } from '../../stack/progress.ts'
import type { Stack } from '../../stack/run.ts'
import type { Group, Notification, Standing } from './lockin/answers.ts'
import { findNight } from './lockin/clocks.ts'
import { makeEnding, tellEnding, type EndingFacts } from './lockin/ending.ts'
import { tellGroup } from './lockin/group.ts'
import { openInboxes, type Inboxes } from './lockin/inbox.ts'
import { raceOf, startTogether, tellMidnight, tellMoves, tellTarget } from './lockin/night.ts'
import { enter, type Person } from './lockin/people.ts'
import { tellPicture, type PictureFacts } from './lockin/picture.ts'
import { drawRace } from './lockin/race.ts'
import type { Screen } from './screen.ts'

export interface LockinFacts {
  people: Record<string, { id: string; email: string; zone: string }>
  picture: PictureFacts
  group: Group
  /** What two hours over midnight count for: yesterday and today. */
  midnight: [number, number]
  race: Standing[]
  /** How often whom was told what. */
  told: Record<string, Record<string, number>>
}

export interface Lockin {
  facts: LockinFacts
  /** Shows what the clock made of the group that has ended meanwhile; waits for it if need be, a minute at most. */
  tellRest(): Promise<EndingFacts>
}

/** Three people on three continents agree on an hour a day, and reach it in one night. */
export async function tellLockin(stack: Stack, screen: Screen): Promise<Lockin> {
  const { say } = screen
  const [ada, grace, linus] = await Promise.all([
    enter(stack, { name: 'Ada', zone: 'America/New_York' }),
    enter(stack, { name: 'Grace', zone: 'Asia/Kathmandu' }),
    enter(stack, { name: 'Linus', zone: 'Europe/Berlin' }),
  ])
  const people = { ada, grace, linus }
  const everybody = [ada, grace, linus]
  say('  Ada in New York, Grace in Kathmandu and Linus in Berlin sign in and have a profile:')
  const widest = Math.max(...everybody.map(({ email }) => email.length))
  for (const { name, email, id } of everybody) say(`    ${name.padEnd(5)}  ${email.padEnd(widest)}  ${id}`)
  const night = findNight()
  const ending = await makeEnding(people, night.zone)
  say('  Ada makes a group that ends in five seconds; what becomes of it is told at the end')
  const picture = await tellPicture(stack, ada, say)

  await using inboxes = openInboxes(stack, everybody, say)
  const group = await tellGroup({ owner: ada, guests: [grace, linus], inboxes, say }, night)
  const reading = { stack, say, ...people, groupId: group.id, night }
  const session = await startTogether(reading)
  const midnight = await tellMidnight(reading, session)
  say('    An hour was the target, and Grace has reached that of both days:')
  await inboxes.until('milestone_member', 2, group.id, everybody)
  await tellMoves(reading, session)
  await tellRace(ada, everybody, group, say)
  await tellTarget(reading, session)
  await inboxes.until('milestone_member', 4, group.id, everybody)
  await inboxes.until('milestone_group', 1, group.id, everybody)

  const race = await tellRace(ada, everybody, group, say)
  if (race.length !== everybody.length || !race.every(({ goal_met: met }) => met))
    throw new Plain('not everybody has reached the target')
  const told = await countTold(everybody, inboxes)
  const facts = {
    people: Object.fromEntries(everybody.map(({ name, id, email, zone }) => [name, { id, email, zone }])),
    picture,
    group,
    midnight,
    race,
    told,
  }
  return { facts, tellRest: () => tellEnding({ stack, screen, ...people }, ending) }
}

async function tellRace(viewer: Person, people: Person[], group: Group, say: Say): Promise<Standing[]> {
  const race = await raceOf(viewer, group.id)
  say('  The race of today')
  const nameOf = (id: string): string => people.find((person) => person.id === id)?.name ?? id
  for (const line of drawRace(race, nameOf)) say(`    ${line}`)
  return race
}

/** How often whom was told what, by the inboxes' pages, which must hold what the streams told. */
async function countTold(people: Person[], inboxes: Inboxes): Promise<LockinFacts['told']> {
  const told: LockinFacts['told'] = {}
  for (const person of people) {
    const path = '/notifications?limit=100'
    const page = await person.ask<Notification[]>({ method: 'GET', path, expected: 200 })
    const missed = inboxes.of(person).filter(({ id }) => !page.some((each) => each.id === id))
    if (missed.length > 0) throw new Plain(`the inbox of ${person.name} lacks what its stream told`)
    const kinds = Map.groupBy(page, ({ kind }) => kind)
    told[person.name] = Object.fromEntries([...kinds].map(([kind, found]) => [kind, found.length]))
  }
  return told
}
