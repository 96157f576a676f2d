import type { Day } from './day.ts'
import { sameTime } from './times-of-day.ts'
import type { Reading, Value } from './values.ts'
import type { Per, Unit } from './words/lexicon.ts'

/** The values of a paragraph, list item or cell that found no equal on the other side. */
export interface Compared<V extends Value> {
  missing: V[]
  added: V[]
}

/**
 * Pairs the values of a source with those of its translation, each with one of its own: first equal ones, then those
 * that say the same in another way. What must be confirmed and found no partner is missing, or added.
 */
export function compareValues<V extends Value>(source: readonly V[], translation: readonly V[]): Compared<V> {
  const sides: Sides = { source: surveyOf(source), translation: surveyOf(translation) }
  const free = new Map(translation.map((value, at) => [at, value]))
  const open = new Map(source.map((value, at) => [at, value]))
  for (const same of [isEqual, saysTheSame]) {
    const found = byKey(free)
    for (const firm of [true, false]) {
      for (const [at, value] of open) {
        if (value.firm !== firm) continue
        const partner = keysOf(value)
          .flatMap((key) => stillFree(found.get(key), free))
          .find((other) => same(value, free.get(other) as V, sides))
        if (partner === undefined) continue
        open.delete(at)
        free.delete(partner)
      }
    }
  }
  pairParts(open, free)
  pairParts(free, open)
  const { source: here, translation: there } = sides
  return {
    missing: [...open.values()].filter(
      ({ firm, rough, readings }) =>
        firm && !rough && !isBackwards(readings) && !isSaidAnyway(readings, here, there, true),
    ),
    added: [...free.values()].filter(
      (value) =>
        value.firm &&
        !(value.spelled && value.kind === 'number') &&
        !isSaidAnyway(value.readings, there, here, false),
    ),
  }
}

/** Values that have a key in common. Those before `from` are taken, and nobody walks over them again. */
interface Partners {
  list: number[]
  from: number
}

function stillFree(partners: Partners | undefined, free: ReadonlyMap<number, Value>): number[] {
  if (!partners) return []
  const { list } = partners
  while (partners.from < list.length && !free.has(list[partners.from] as number)) partners.from++
  return list.slice(partners.from, partners.from + mostPartners).filter((at) => free.has(at))
}

/** Partners that are tried for one value; in one paragraph there are never as many. */
const mostPartners = 50

/** What a side says of how often and of years, tied to something or not. */
interface Survey {
  /** How many times each `per week` and the like is said. */
  pers: Map<Per, number>
  /** Those that are not tied to a count: `2 times weekly` says nothing of the minutes beside it. */
  open: Set<Per>
  years: Set<number>
}
interface Sides {
  source: Survey
  translation: Survey
}

function surveyOf(values: readonly Value[]): Survey {
  const survey: Survey = { pers: new Map(), open: new Set(), years: new Set() }
  for (const { readings, shared } of values) {
    const [first] = readings
    const tied = first?.is === 'number' && first.unit === 'times' && first.n !== 1
    for (const per of persOf(readings)) {
      survey.pers.set(per, (survey.pers.get(per) ?? 0) + (shared ? 0 : 1))
      if (!tied) survey.open.add(per)
    }
    for (const reading of readings)
      if (reading.is === 'day' && reading.day.year !== undefined) survey.years.add(reading.day.year)
  }
  return survey
}

/** How often a value says that something comes again; `trimestral` is both quarterly and every term. */
function persOf(readings: readonly Reading[]): Set<Per> {
  return new Set(
    readings.flatMap((reading) => ('per' in reading && reading.per !== null ? [reading.per] : [])),
  )
}

function byKey(values: ReadonlyMap<number, Value>): Map<string, Partners> {
  const found = new Map<string, Partners>()
  for (const [at, value] of values) {
    for (const key of keysOf(value)) {
      const partners = found.get(key)
      if (partners) partners.list.push(at)
      else found.set(key, { list: [at], from: 0 })
    }
  }
  return found
}

/** What two values must have in common at least. */
function keysOf({ readings }: Value): string[] {
  return readings.map((reading) => {
    switch (reading.is) {
      case 'number':
        return `n ${reading.n}`
      case 'day':
        return `d ${reading.day.month ?? reading.day.year} ${reading.day.day}`
      case 'ratio':
        return `r ${reading.of} ${reading.out}`
      case 'clock':
        return `c ${reading.clock.minutes % 720}`
      case 'code':
        return `k ${reading.code}`
      case 'per':
        return `p ${reading.per}`
      case 'backwards':
        return `b ${reading.days}`
    }
  })
}

type Same = (one: Value, other: Value, sides: Sides) => boolean

const isEqual: Same = (one, other) => {
  const keys = new Set(other.readings.map((reading) => JSON.stringify(sorted(reading))))
  return one.readings.some((reading) => keys.has(JSON.stringify(sorted(reading))))
}

function sorted(reading: Reading): unknown {
  return reading.is === 'day' ? [reading.day.year, reading.day.month, reading.day.day] : reading
}

const saysTheSame: Same = (one, other, sides) =>
  one.readings.some((reading) => other.readings.some((second) => agrees(reading, second, sides)))

function agrees(one: Reading, other: Reading, sides: Sides): boolean {
  if (one.is === 'number' && other.is === 'number')
    return one.n === other.n && unitsAgree(one.unit, other.unit) && persAgree(one.per, other.per, sides)
  if (one.is === 'day' && other.is === 'day') return daysAgree(one.day, other.day, sides)
  if (one.is === 'clock' && other.is === 'clock') return sameTime(one.clock, other.clock)
  if (one.is === 'per' && other.is === 'per') return one.per === other.per
  return JSON.stringify(one) === JSON.stringify(other)
}

/** A count may have its word for times (`3 trials`, `3次`) or none; minutes stay minutes. */
function unitsAgree(one: Unit | null, other: Unit | null): boolean {
  if (one === other) return true
  const loose = (unit: Unit | null): boolean => unit === null || unit === 'times'
  return (loose(one) && loose(other)) || (one ?? other) === 'percentile'
}

/** What is tied to an amount on one side may stand apart from it on the other, but not be tied to something else. */
function persAgree(one: Per | null, other: Per | null, { source, translation }: Sides): boolean {
  if (one === other) return true
  if (one !== null && other !== null) return false
  const per = (one ?? other) as Per
  if (per === 'session' || per === 'minute' || per === 'hour') return true
  if (one === null) return source.open.has(per)
  return translation.open.has(per) && (translation.pers.get(per) ?? 0) >= (source.pers.get(per) ?? 0)
}

/** A year may stand beside another date of the same paragraph (`March 12 to April 14, 2026`). */
function daysAgree(one: Day, other: Day, { source, translation }: Sides): boolean {
  if (one.month !== other.month || one.day !== other.day) return false
  if (one.year === other.year) return true
  if (one.year !== undefined && other.year !== undefined) return false
  return one.year === undefined ? source.years.has(other.year as number) : translation.years.has(one.year)
}

/** `4 out of 5` may be said in two numbers: `de 5 intentos, 4 correctos`. */
function pairParts(ratios: Map<number, Value>, numbers: Map<number, Value>): void {
  if (ratios.size * numbers.size > mostPairs) return
  for (const [at, { readings }] of ratios) {
    const ratio = readings.find((reading) => reading.is === 'ratio')
    if (!ratio) continue
    const part = (n: number, but?: number): number | undefined =>
      [...numbers].find(
        ([other, value]) => other !== but && value.readings.some((reading) => isCount(reading, n)),
      )?.[0]
    const of = part(ratio.of)
    const out = of === undefined ? undefined : part(ratio.out, of)
    if (of === undefined || out === undefined) continue
    ratios.delete(at)
    numbers.delete(of)
    numbers.delete(out)
  }
}

/** More is no paragraph that anybody wrote. */
const mostPairs = 100_000

function isCount(reading: Reading, n: number): boolean {
  return reading.is === 'number' && reading.n === n && (reading.unit === null || reading.unit === 'times')
}

/** Whoever puts the dates of a range in order again has lost neither of them. */
function isBackwards(readings: readonly Reading[]): boolean {
  return readings.some(({ is }) => is === 'backwards')
}

/** `weekly` alone is said if the other side says it of anything, in the translation as often as in the source. */
function isSaidAnyway(readings: readonly Reading[], here: Survey, there: Survey, asOften: boolean): boolean {
  return readings.some((reading) => {
    if (reading.is !== 'per') return false
    const said = there.pers.get(reading.per) ?? 0
    if (reading.once && !there.open.has(reading.per)) return false
    return said > 0 && (!asOften || said >= (here.pers.get(reading.per) ?? 0))
  })
}
