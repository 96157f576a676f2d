import type { Evidence, Measured } from './evidence.ts'
import type { Day } from './day.ts'
import { sameTime } from './times-of-day.ts'
import type { Service } from './therapies.ts'
import type { Reading, Value } from './values.ts'
import type { Per, Unit } from './words/lexicon.ts'

/** Whether one of the pages says what a value says. */
export function isSaid(value: Value, pages: readonly Evidence[]): boolean {
  return value.readings.some((reading) => pages.some((page) => says(page, reading, value, pages)))
}

/** Whether a page has the number of a section, or any page of the document a section of its own with that number. */
export function isSection(
  { readings }: Value,
  pages: readonly Evidence[],
  document: Iterable<Evidence>,
): boolean {
  const numbers = readings.flatMap((reading) => (reading.is === 'number' ? [reading.n] : []))
  const own = [...document]
  return numbers.some(
    (n) =>
      own.some(({ sections }) => sections.has(n)) ||
      pages.some((page) => page.numbers.get(n)?.some(({ unit, per }) => !unit && !per)),
  )
}

function says(page: Evidence, reading: Reading, value: Value, pages: readonly Evidence[]): boolean {
  switch (reading.is) {
    case 'number':
      return saysNumber(page, reading, value)
    case 'day':
      return page.days.some((day) => saysDay(day, reading.day, pages))
    case 'ratio':
      return page.ratios.has(`${reading.of}/${reading.out}`)
    case 'clock':
      return page.clocks.some((clock) => sameTime(clock, reading.clock))
    case 'code':
      return page.codes.has(reading.code)
    case 'backwards':
      return page.backwards.has(reading.days)
    case 'per':
      return page.pers.some(
        ({ per, times }) => per === reading.per && !(reading.once && times !== null && times > 1),
      )
  }
}

function saysNumber(page: Evidence, reading: Extract<Reading, { is: 'number' }>, value: Value): boolean {
  const { n, unit, per } = reading
  if (unit === null && per === null) {
    if (page.numbers.has(n)) return true
    // A bare 30 may be the 30 of 30 minutes, and 1.5 that of 1.5 hours.
    return [60, 3600].some((factor) => page.numbers.get(n * factor)?.some(({ unit }) => unit === 'duration'))
  }
  return supporting(page, reading, value).length > 0
}

function supporting(
  page: Evidence,
  { n, unit, per }: Extract<Reading, { is: 'number' }>,
  { ofRange, limit }: Value,
): Measured[] {
  const whole = !ofRange && !limit && unit !== null && !named.has(unit)
  return (page.numbers.get(n) ?? []).filter(
    (said) => measures(said.unit, unit) && (per === null || recurs(said, per)) && !(whole && said.ofRange),
  )
}

/** `ages 5-7`, `the 25th to 75th percentile`: their ends may be spoken of alone, unlike those of `30-45 minutes`. */
const named: ReadonlySet<Unit> = new Set(['grade', 'year', 'percentile'])

/**
 * Whether an amount that the pages say stands only beside other services than the one it is claimed of: the minutes
 * of speech therapy where the pages give them to occupational therapy.
 */
export function isOfAnother(value: Value, service: Service, pages: readonly Evidence[]): boolean {
  const said = value.readings.flatMap((reading) =>
    reading.is === 'number' && (reading.unit === 'duration' || reading.per !== null)
      ? pages.flatMap((page) => supporting(page, reading, value))
      : [],
  )
  return (
    said.length > 0 &&
    said.every(
      ({ services, perhaps }) => services.size > 0 && !services.has(service) && !perhaps.has(service),
    )
  )
}

/** Minutes are found as minutes; what is only a count (`3 times`, `3 sessions`) or a percentile also as a bare number. */
function measures(said: Unit | null, claimed: Unit | null): boolean {
  return (
    said === claimed ||
    claimed === null ||
    (said === null && (claimed === 'times' || claimed === 'percentile'))
  )
}

function recurs({ per, around }: Measured, claimed: Per): boolean {
  if (per === claimed) return true
  if (per !== null) return false
  return claimed === 'session' || claimed === 'minute' || claimed === 'hour' || around.has(claimed)
}

/** A page may say more than is claimed, not less; a year may stand elsewhere on the pages. */
function saysDay(said: Day, claimed: Day, pages: readonly Evidence[]): boolean {
  if (claimed.month !== undefined && said.month !== claimed.month) return false
  if (claimed.day !== undefined && said.day !== claimed.day) return false
  if (claimed.year === undefined || said.year === claimed.year) return true
  const { year } = claimed
  return said.year === undefined && claimed.month !== undefined && pages.some(({ years }) => years.has(year))
}
