import { expect, test } from 'vitest'
import { createWorld } from '../../support/world.ts'
import { startReaders, type Person, type Readers } from './milestones-readers.ts'

const people: Person[] = ['Ada', 'Grace', 'Linus']
const dates = ['2026-03-02', '2026-03-03', '2026-03-04']
/** Time is dealt in cells of half an hour, from the first date's midnight. */
const CELLS = 48 * dates.length
const CELL = 30

/** What the tables must come to, said without SQL. */
class Model {
  target = 60
  members = new Map<Person, { override: number | undefined }>(
    people.map((who) => [who, { override: undefined }]),
  )
  logs = new Map<string, { who: Person; from: number; to: number }>()
  pending = new Set<number>()
  announced = new Set<string>()
  inbox = new Map<Person, number>(people.map((who) => [who, 0]))

  /** Who has reached the target of a date, and `all`. */
  reached(date: number): string[] {
    const members = [...this.members]
    const those = members.filter(
      ([who, { override }]) => this.minutes(who, date) >= (override ?? this.target),
    )
    const names: string[] = those.map(([who]) => who)
    return those.length === members.length && members.length > 0 ? [...names, 'all'] : names
  }

  minutes(who: Person, date: number): number {
    const [begin, end] = [date * 48, (date + 1) * 48]
    return [...this.logs.values()]
      .filter((log) => log.who === who)
      .reduce((sum, { from, to }) => sum + Math.max(0, Math.min(to, end) - Math.max(from, begin)) * CELL, 0)
  }

  /** A change was made that touches these dates: what is to be announced in them is asked for. */
  changed(first: number, last: number): void {
    for (let date = first; date <= last; date += 1)
      if (this.reached(date).some((who) => !this.announced.has(`${who} ${dates[date]}`)))
        this.pending.add(date)
  }

  settle(): void {
    for (const date of this.pending)
      for (const who of this.reached(date)) {
        const news = `${who} ${dates[date]}`
        if (this.announced.has(news)) continue
        this.announced.add(news)
        for (const member of this.members.keys()) this.inbox.set(member, (this.inbox.get(member) ?? 0) + 1)
      }
    this.pending.clear()
  }

  isFree(who: Person, from: number, to: number, except?: string): boolean {
    return [...this.logs].every(
      ([id, log]) => id === except || log.who !== who || log.to <= from || to <= log.from,
    )
  }
}

/** A repeatable source of chance, so that a sequence that fails can be run again. */
function chance(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return Math.floor((state / 4_294_967_296) * below)
  }
}

const at = (cell: number): string => new Date(Date.UTC(2026, 2, 2, 0, cell * CELL)).toISOString()
const dateOf = (cell: number): number => Math.min(dates.length - 1, Math.floor(cell / 48))

/** What may happen to a group, to the tables and to the model alike; each tells what it did. */
function movesOn(readers: Readers, model: Model, random: (below: number) => number) {
  const pick = <T>(from: T[]): T => from[random(from.length)] as T
  const where = `group_id = '${readers.id}'`
  const stretch = (): [number, number] => {
    const from = random(CELLS - 5)
    return [from, from + 1 + random(5)]
  }
  const now = (): number => random(CELLS)
  const changeNow = async (...statements: string[]): Promise<void> => {
    const cell = now()
    await readers.change(at(cell), ...statements)
    model.changed(dateOf(cell), dateOf(cell))
  }
  const log = async (): Promise<void> => {
    const who = pick(people)
    const [from, to] = stretch()
    if (!model.isFree(who, from, to)) return
    const id = await readers.log(who, at(from), at(to))
    model.logs.set(id, { who, from, to })
    model.changed(dateOf(from), dateOf(to))
  }
  const settle = async (): Promise<void> => {
    model.settle()
    await readers.settle()
  }
  return {
    log,
    'log again': log,
    'and again': log,
    correct: async () => {
      const id = pick([...model.logs.keys(), undefined])
      const [from, to] = stretch()
      if (!id || !model.isFree(model.logs.get(id)?.who as Person, from, to, id)) return
      await readers.correct(id, at(from), at(to))
      Object.assign(model.logs.get(id) as object, { from, to })
      model.changed(dateOf(from), dateOf(to))
    },
    erase: async () => {
      const id = pick([...model.logs.keys(), undefined])
      if (!id) return
      await readers.erase(id)
      model.logs.delete(id)
    },
    'change the target': async () => {
      model.target = pick([30, 60, 90, 150])
      await changeNow(
        `update lockin.groups set period_target_minutes = ${model.target} where id = '${readers.id}'`,
      )
    },
    'change an override': async () => {
      const [who, member] = pick([...model.members])
      member.override = pick([undefined, 30, 120])
      await changeNow(
        `update lockin.group_members set override_period_target_minutes = ${member.override ?? null}
         where ${where} and user_id = '${readers.people[who]}'`,
      )
    },
    leave: async () => {
      const who = pick(people.slice(1))
      if (!model.members.delete(who)) return
      await changeNow(
        `delete from lockin.group_members where ${where} and user_id = '${readers.people[who]}'`,
      )
    },
    'come back': async () => {
      const who = pick(people.slice(1))
      if (model.members.has(who)) return
      model.members.set(who, { override: undefined })
      await changeNow(
        `insert into lockin.group_members (group_id, user_id) values ('${readers.id}', '${readers.people[who]}')`,
      )
    },
    settle,
    'settle again': settle,
  }
}

test('whatever is logged, corrected, erased and changed in whatever order, the news are those of a simple model', async () => {
  await using world = await createWorld()
  let said = 0
  for (let seed = 1; seed <= 20; seed += 1) {
    const readers = await startReaders(world)
    const model = new Model()
    const random = chance(seed)
    const moves = Object.entries(movesOn(readers, model, random))
    const story: string[] = [`seed ${seed}`]
    for (let turn = 0; turn < 30; turn += 1) {
      const [name, move] = moves[random(moves.length)] as (typeof moves)[number]
      story.push(name)
      await move()
    }
    model.settle()
    await readers.settle()

    expect((await readers.announced()).toSorted(), story.join(', ')).toEqual([...model.announced].toSorted())
    for (const person of people)
      expect(await readers.inbox(person), `${story.join(', ')}: ${person}`).toHaveLength(
        model.inbox.get(person) ?? 0,
      )
    said += model.announced.size
  }
  // Else the sequences would be about nothing.
  expect(said).toBeGreaterThan(60)
})
