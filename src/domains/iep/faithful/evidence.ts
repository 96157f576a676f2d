import { blocksOf, type Block } from './blocks.ts'
import type { Clock } from './times-of-day.ts'
import type { Day } from './day.ts'
import { saidInBlock } from './facts.ts'
import { isFormLine, serviceGroups } from './groups-of-lines.ts'
import { servicesHinted, type Service } from './therapies.ts'
import { valuesIn, type Reading, type Value } from './values.ts'
import type { Per, Unit } from './words/lexicon.ts'

/** What a page says in numbers, ready to be asked. */
export interface Evidence {
  numbers: Map<number, Measured[]>
  days: Day[]
  ratios: Set<string>
  clocks: Clock[]
  codes: Set<string>
  /** Ranges of dates that run backwards here already. */
  backwards: Set<string>
  /** The numbers of its own sections: `Section 3`, `3. Services`. */
  sections: Set<number>
  pers: PerSaid[]
  years: Set<number>
}

/** A number of a page. `around`: what its paragraph or row says of how often, without tying it to another count. */
export interface Measured {
  unit: Unit | null
  per: Per | null
  around: ReadonlySet<Per>
  /** The services its sentence or row speaks of. */
  services: ReadonlySet<Service>
  /** Those that it may speak of besides: reading, where it is a service or the subject of a goal. */
  perhaps: ReadonlySet<Service>
  /** One end of `30 to 45 minutes`. */
  ofRange: boolean
}

interface PerSaid {
  per: Per
  /** How often in that time, if it is said. */
  times: number | null
}

/** Collects what each page says. A table that goes on from the page before keeps that page's headings. */
export function evidenceOf(pages: ReadonlyMap<number, string>): Map<number, Evidence> {
  const all = new Map<number, Evidence>()
  let open: string[] | undefined
  for (const number of [...pages.keys()].sort((a, b) => a - b)) {
    const blocks = continued(blocksOf(pages.get(number) as string), pages.has(number - 1) ? open : undefined)
    all.set(number, { ...onPage(blocks), sections: sectionsOf(pages.get(number) as string) })
    const last = blocks.at(-1)
    open = last?.kind === 'row' ? (last.header ?? last.cells) : undefined
  }
  return all
}

/** The first table of a page, if its first row is no heading but data with as many columns as the table before. */
function continued(blocks: Block[], open: string[] | undefined): Block[] {
  const first = blocks.findIndex(({ kind }) => kind === 'row')
  const row = blocks[first]
  if (
    !open ||
    !row ||
    first > 3 ||
    row.cells.length !== open.length ||
    !row.cells.some((cell) => /\d/.test(cell))
  )
    return blocks
  const after = blocks.findIndex(({ kind }, at) => at > first && kind !== 'row')
  const end = after === -1 ? blocks.length : after
  return blocks.map((block, at) => (at >= first && at < end ? { ...block, header: open } : block))
}

function sectionsOf(page: string): Set<number> {
  return new Set(Array.from(page.matchAll(sectionNumber), ([, one, other]) => Number(one ?? other)))
}

/** What numbers a line may be the mark of a list, which is no value. */
const sectionNumber =
  /\bsection[ #:*]{1,4}(\d{1,2})(?!\d)|^[ \t#>*|(]{0,12}(\d{1,2})(?:[.):|-]|\*\*)(?!\d)/gim

function onPage(blocks: Block[]): Omit<Evidence, 'sections'> {
  const evidence: Omit<Evidence, 'sections'> = {
    numbers: new Map(),
    days: [],
    ratios: new Set(),
    clocks: [],
    codes: new Set(),
    backwards: new Set(),
    pers: [],
    years: new Set(),
  }
  const known = new Set<string>()
  const said = blocks.map((block) => ({ block, sentences: saidInBlock(block, 'en') }))
  const open = said.map(({ sentences }) => sentences.flatMap(({ values }) => openPers(values)))
  const groups = serviceGroups(said)
  let heading: Per[] = []
  for (const [at, { block, sentences }] of said.entries()) {
    if (block.kind === 'heading' || /[:：]\s*$/.test(block.raw)) heading = open[at] as Per[]
    const near = [at - 2, at - 1, at + 1, at + 2].flatMap((other) =>
      isFormLine(said[other]?.block) && groups[other]?.number === groups[at]?.number
        ? (open[other] ?? [])
        : [],
    )
    const column = (block.header ?? []).flatMap((cell) => openPers(valuesIn(cell, 'en')))
    const around = new Set([...(open[at] as Per[]), ...heading, ...near, ...column])
    for (const [line, { sentence, values }] of sentences.entries()) {
      const services = groups[at]?.services[line] ?? new Set()
      const perhaps = servicesHinted(sentence)
      for (const value of values)
        take(evidence, known, value, {
          around: value.role === 'label' || value.role === 'section' ? new Set() : around,
          services,
          perhaps,
        })
    }
  }
  return evidence
}

/** How often things happen, where that is not tied to a count: `2 times weekly` says nothing of the minutes beside it. */
function openPers(values: readonly Value[]): Per[] {
  return values.flatMap(({ readings }) =>
    readings.flatMap((reading) => {
      if (reading.is === 'per') return [reading.per]
      if (reading.is !== 'number' || reading.per === null) return []
      return reading.unit === 'duration' || reading.unit === 'dollar' || reading.n === 1 ? [reading.per] : []
    }),
  )
}

type Surroundings = Pick<Measured, 'around' | 'services' | 'perhaps'>

function take(
  evidence: Omit<Evidence, 'sections'>,
  known: Set<string>,
  value: Value,
  near: Surroundings,
): void {
  if (value.role === 'page') return
  const ofRange = value.ofRange === true
  for (const reading of value.readings) {
    const beside = [ofRange, ...near.around, ...near.services, '', ...near.perhaps]
    const key = JSON.stringify([reading, reading.is === 'number' ? beside : 0])
    if (known.has(key)) continue
    known.add(key)
    if (reading.is === 'number') takeNumber(evidence, reading, { ...near, ofRange })
    else if (reading.is === 'ratio') evidence.ratios.add(`${reading.of}/${reading.out}`)
    else if (reading.is === 'clock') evidence.clocks.push(reading.clock)
    else if (reading.is === 'code') evidence.codes.add(reading.code)
    else if (reading.is === 'backwards') evidence.backwards.add(reading.days)
    else if (reading.is === 'per') evidence.pers.push({ per: reading.per, times: null })
    else {
      evidence.days.push(reading.day)
      if (reading.day.year !== undefined) evidence.years.add(reading.day.year)
    }
  }
  for (const reading of value.readings) {
    // The parts of `4 out of 5` are numbers of the page as well.
    if (reading.is !== 'ratio') continue
    for (const n of [reading.of, reading.out]) {
      if (!evidence.numbers.has(n))
        takeNumber(
          evidence,
          { is: 'number', n, unit: null, per: null },
          {
            ...near,
            ofRange: false,
            around: new Set(),
          },
        )
    }
  }
}

function takeNumber(
  evidence: Pick<Evidence, 'numbers' | 'pers'>,
  { n, unit, per }: Extract<Reading, { is: 'number' }>,
  near: Omit<Measured, 'unit' | 'per'>,
): void {
  const list = evidence.numbers.get(n)
  if (list) list.push({ unit, per, ...near })
  else evidence.numbers.set(n, [{ unit, per, ...near }])
  if (per !== null) evidence.pers.push({ per, times: unit === 'times' ? n : null })
}
