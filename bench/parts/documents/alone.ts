import type { Stack } from '../../stack.ts'
import { paperOf } from './paper.ts'
import { openPlace, type Paper, type Place } from './place.ts'

/** One document that had everything to itself. */
export interface Alone {
  measured: 'alone'
  pages: number
  /** Milliseconds from its arrival until all languages could be read. */
  wall: number
  /** Milliseconds of the model calls that nothing could make shorter, and of which steps they consist. */
  critical: number
  /** Until the first call, and after the last one. */
  before: number
  after: number
  read: number
  summarise: number
  translate: number
  calls: number
  tokens: number
}

/** What the provider takes for a call, in milliseconds. */
export const pace = { millisecondsPerCall: 400, millisecondsPerPage: 150, millisecondsPerToken: 2 }

/** Documents one after another, each alone; the first is only there to warm up. */
export async function measureAlone(
  stack: Stack,
  { pages, times }: { pages: number; times: number },
  found: (sample: Alone) => void,
): Promise<void> {
  await using place = await openPlace(stack, pace, 1)
  const { children, ...parent } = await place.parent(times + 1)
  const pdf = await paperOf(pages)
  for (const [index, childId] of children.entries()) {
    const paper = await place.upload({ ...parent, children }, childId, index === 0 ? await paperOf(2) : pdf)
    const began = Date.now()
    await place.arrive(paper)
    await place.processed(paper)
    const ended = Date.now()
    if (index > 0)
      found({ measured: 'alone', pages, ...(await criticalPath(place, paper, { began, ended })) })
  }
}

/**
 * Reading is as slow as its slowest range, the summary waits for it, corrections wait for one another, and the
 * translations run beside one another.
 */
async function criticalPath(
  { asking }: Place,
  { iepId }: Paper,
  { began, ended }: { began: number; ended: number },
): Promise<Omit<Alone, 'measured' | 'pages'>> {
  const calls = await asking.database.run<Call>(callsOf, [iepId])
  const of = (step: string): Call[] => calls.filter((call) => call.step === step)
  const read = Math.max(...of('read').map(({ took }) => took))
  const summarise = sum(of('summarise').map(({ took }) => took))
  const languages = Object.values(Object.groupBy(of('translate'), ({ language }) => language ?? ''))
  const translate = Math.max(...languages.map((asked = []) => sum(asked.map(({ took }) => took))))
  return {
    wall: ended - began,
    before: Math.min(...calls.map(({ from }) => from)) - began,
    after: ended - Math.max(...calls.map(({ from, took }) => from + took)),
    critical: read + summarise + translate,
    read,
    summarise,
    translate,
    calls: calls.length,
    tokens: sum(calls.map(({ tokens }) => tokens)),
  }
}

interface Call {
  step: string
  language: string | null
  /** Milliseconds since 1970. */
  from: number
  took: number
  tokens: number
}

const callsOf = {
  name: 'bench.calls',
  text: `
select step, language, extract(epoch from started_at)::float8 * 1000 as "from",
  extract(epoch from ended_at - started_at)::float8 * 1000 as took,
  coalesce(completion_tokens, 0) as tokens
from iep.model_calls where iep_id = $1`,
}

const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0)
