import { setTimeout as sleep } from 'node:timers/promises'
import type { SeenCall } from '../../../local/mistral/calls.ts'
import { minutes } from '../../../src/shared/time.ts'
import type { Stack } from '../../stack.ts'
import { pace } from './alone.ts'
import { paperOf } from './paper.ts'
import { openPlace, type Paper, type Place } from './place.ts'

/** Many documents of several users at once, under a provider that refuses what is too much. */
export interface Crowd {
  measured: 'crowd'
  documents: number
  users: number
  /** Seconds until all were done. */
  seconds: number
  models: ModelUse[]
  /** One for each user, the one with the most documents first. */
  served: Served[]
}

/** Seconds since all arrived: when a user had the first and the last document, and when the first had been looked into. */
export interface Served {
  documents: number
  examined: number
  first: number
  last: number
}

/** How well a model was made use of. Seconds, and shares from 0 to 1. */
export interface ModelUse {
  model: 'reading' | 'chat'
  answered: number
  refused: number
  /** From its first call to the last moment at which enough waited for it to fill it. */
  filled: number
  /** Of what the limits allow in that time, whichever limit is nearer. */
  used: number
  /** The same, only of the moments at which enough waited. */
  usedWhenEnough: number
  /** The same, only of the moments at which somebody stood in line for a turn. */
  usedInLine: number
}

export const limits = { inFlight: 8, requestsPerSecond: 5 }

/** Documents of each user. They arrive in this order: whoever has the most is there first. */
const uneven = [20, 8, 6, 4, 3, 3, 2, 2, 1, 1]
const unevenQuick = [5, 2, 1]

export async function measureCrowd(
  stack: Stack,
  { quick, workers, pages }: { quick: boolean; workers: number; pages: number },
): Promise<Crowd> {
  const counts = quick ? unevenQuick : uneven
  await using place = await openPlace(stack, { ...pace, ...limits, requestsPerMinute: null }, workers)
  const papers = await prepare(place, counts, await paperOf(pages))
  const moments: Moment[] = []
  const began = Date.now()
  for (const paper of papers) await place.arrive(paper)
  for (;;) {
    const [moment] = await place.asking.database.run<Moment>(momentQuery, [])
    if (moment) moments.push({ ...moment, at: Date.now() })
    if (moment?.processed === papers.length) break
    if (moment && moment.failed > 0) throw new Error(`${moment.failed} documents or languages failed.`)
    if (Date.now() - began > minutes(10)) throw new Error('The documents were not done in ten minutes.')
    await sleep(200)
  }
  const seconds = (Date.now() - began) / 1000
  const calls = await place.calls()
  return {
    measured: 'crowd',
    documents: papers.length,
    users: counts.length,
    seconds,
    models: [
      useOf('reading', calls, moments, ({ reading, readingInLine }) => ({
        left: reading,
        inLine: readingInLine,
      })),
      useOf('chat', calls, moments, ({ chat, chatInLine }) => ({ left: chat, inLine: chatInLine })),
    ],
    served: await servedSince(place, papers, began),
  }
}

async function prepare(place: Place, counts: number[], pdf: Buffer): Promise<Paper[]> {
  const papers: Paper[] = []
  for (const count of counts) {
    const parent = await place.parent(count)
    for (const childId of parent.children) papers.push(await place.upload(parent, childId, pdf))
  }
  return papers
}

/** How much was left to do at a moment: jobs that are not settled, each of which has one call under way at most. */
interface Moment {
  at: number
  reading: number
  chat: number
  /** Calls that could be made at once if there were a turn for them. */
  readingInLine: number
  chatInLine: number
  processed: number
  failed: number
}

const momentQuery = {
  name: 'bench.moment',
  text: `
select
  (count(*) filter (where name = 'iep.read-document'))::int as reading,
  (count(*) filter (where name in ('iep.summarise-document', 'iep.translate-document')))::int as chat,
  (select count(*)::int from iep.turns where granted_at is null and lane like '%ocr%') as "readingInLine",
  (select count(*)::int from iep.turns where granted_at is null and lane not like '%ocr%') as "chatInLine",
  (select count(*)::int from iep.documents where status = 'PROCESSED') as processed,
  (select count(*)::int from iep.documents where status in ('FAILED', 'OCR_FAILED'))
    + (select count(*)::int from iep.language_versions where state = 'failed') as failed
from millrace.jobs where state not in ('completed', 'failed', 'cancelled')`,
}

const paths = { reading: '/v1/ocr', chat: '/v1/chat/completions' }

function useOf(
  model: keyof typeof paths,
  all: SeenCall[],
  moments: Moment[],
  of: (moment: Moment) => { left: number; inLine: number },
): ModelUse {
  const calls = all.filter(({ path }) => path === paths[model])
  const spans = calls
    .filter(({ status }) => status === 200)
    .map(({ at, milliseconds = 0 }) => ({ from: at, to: at + milliseconds }))
  const enough = spansBetween(moments, (moment) => of(moment).left >= limits.inFlight)
  const inLine = spansBetween(moments, (moment) => of(moment).inLine > 0)
  const first = Math.min(...spans.map(({ from }) => from))
  const whole = { from: first, to: Math.max(first, ...enough.map(({ to }) => to)) }
  return {
    model,
    answered: spans.length,
    refused: calls.filter(({ status }) => status === 429).length,
    filled: lengthOf(whole) / 1000,
    used: usedIn([whole], spans),
    usedWhenEnough: usedIn(
      enough.filter(({ from }) => from >= first),
      spans,
    ),
    usedInLine: usedIn(
      inLine.filter(({ from }) => from >= first),
      spans,
    ),
  }
}

interface Span {
  from: number
  to: number
}

/** From one moment to the next, where something is so at both. */
const spansBetween = (moments: Moment[], isSo: (moment: Moment) => boolean): Span[] =>
  moments.flatMap((moment, index) => {
    const next = moments[index + 1]
    return next && isSo(moment) && isSo(next) ? [{ from: moment.at, to: next.at }] : []
  })

/** The share of what the limits allow in these times, by the limit that is nearer. */
function usedIn(times: Span[], calls: Span[]): number {
  const length = sum(times.map(lengthOf))
  const inFlight = sum(times.flatMap((time) => calls.map((call) => lengthOf(common(time, call)))))
  const started = sum(
    times.map((time) => calls.filter(({ from }) => from >= time.from && from < time.to).length),
  )
  return Math.max(
    inFlight / (limits.inFlight * length),
    (started * 1000) / (limits.requestsPerSecond * length),
  )
}

const common = (one: Span, other: Span): Span => ({
  from: Math.max(one.from, other.from),
  to: Math.min(one.to, other.to),
})
const lengthOf = ({ from, to }: Span): number => Math.max(0, to - from)
const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0)

async function servedSince({ asking }: Place, papers: Paper[], began: number): Promise<Served[]> {
  const done = await asking.database.run<Done>(doneQuery, [])
  const users = [...new Set(papers.map(({ userId }) => userId))]
  return users.map((userId) => {
    const theirs = done.filter((each) => each.userId === userId)
    const first = Math.min(...theirs.map(({ at }) => at))
    const last = Math.max(...theirs.map(({ at }) => at))
    const { examined } = theirs.find(({ at }) => at === first) as Done
    const since = (at: number): number => (at - began) / 1000
    return { documents: theirs.length, examined: since(examined), first: since(first), last: since(last) }
  })
}

interface Done {
  userId: string
  /** Milliseconds since 1970. */
  examined: number
  at: number
}

const doneQuery = {
  name: 'bench.done',
  text: `
select d.user_id as "userId", extract(epoch from j.created_at)::float8 * 1000 as examined,
  extract(epoch from d.processed_at)::float8 * 1000 as at
from iep.documents d
  join millrace.jobs j on j.name = 'iep.read-document' and j.data ->> 'iepId' = d.iep_id::text
where d.processed_at is not null`,
}
