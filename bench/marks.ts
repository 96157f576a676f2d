import { median, shortly } from './numbers.ts'
import type { Crowd } from './parts/documents/crowd.ts'
import type { DocumentSample } from './parts/documents.ts'
import type { Drain } from './parts/drain.ts'
import type { Enqueue } from './parts/enqueue.ts'
import type { GroupSample } from './parts/groups.ts'
import { quietLoads, type LatencySample } from './parts/latency.ts'
import type { PreworkSample } from './parts/prework.ts'
import type { PartName } from './options.ts'

/** Everything the parts measured. */
export type Samples = Partial<Record<PartName, unknown[]>>

/** What this system promises about its speed, and what it came to. */
export interface Mark {
  name: string
  wanted: string
  found: string
  met: boolean
}

/** Judges the marks whose numbers were measured in this run. */
export function judge(samples: Samples): Mark[] {
  return [
    ...ofEnqueue(samples.a),
    ...ofDrain(samples.b),
    ...ofLatency(samples.c),
    ...ofRecovery(samples.f),
    ...ofDocuments(samples.g),
    ...ofGroups(samples.h),
    ...ofPrework(samples.i),
  ]
}

function ofEnqueue(samples: unknown[] | undefined): Mark[] {
  const rate = (name: Enqueue['contestant']): number =>
    median(
      ((samples ?? []) as Enqueue[])
        .filter((each) => each.contestant === name && each.connections === 50)
        .map((each) => each.perSecond),
    )
  return atLeast('enqueueing over HTTP, beside bare Fastify + BullMQ', rate('millrace') / rate('plain'), 0.6)
}

function ofDrain(samples: unknown[] | undefined): Mark[] {
  const rate = (name: Drain['contestant'], concurrency: number): number =>
    median(
      ((samples ?? []) as Drain[])
        .filter(
          (each) => each.contestant === name && each.concurrency === concurrency && each.work === 'nothing',
        )
        .map((each) => each.perSecond),
    )
  return [50, 200].flatMap((concurrency) =>
    rivals.flatMap(({ name, wanted }) =>
      atLeast(
        `draining at ${concurrency}, beside ${name}`,
        rate('millrace', concurrency) / rate(name, concurrency),
        wanted(concurrency),
      ),
    ),
  )
}

const rivals: { name: Drain['contestant']; wanted: (concurrency: number) => number }[] = [
  { name: 'bullmq', wanted: (concurrency) => (concurrency < 200 ? 0.4 : 0.5) },
  { name: 'graphile-worker', wanted: () => 1 },
  { name: 'graphile-worker, batched', wanted: () => 1 },
  { name: 'pg-boss', wanted: () => 1 },
  { name: 'pg-boss, all or nothing', wanted: () => 1 },
]

function ofLatency(samples: unknown[] | undefined): Mark[] {
  const all = (samples ?? []) as LatencySample[]
  const p50 = (load: string): number =>
    median(all.filter((each) => each.contestant === 'millrace' && each.load === load).map((each) => each.p50))
  return [
    ...below('from asking to the result, one after another, p50 in ms', p50(quietLoads.oneAfterAnother), 5),
    ...below('from asking to the result when idle, p50 in ms', p50(quietLoads.idle), 5),
  ]
}

function ofRecovery(samples: unknown[] | undefined): Mark[] {
  const longest = samples?.length ? Math.max(...(samples as number[])) : Number.NaN
  return below('longest recovery after a crash, in seconds', longest, 15)
}

function ofDocuments(samples: unknown[] | undefined): Mark[] {
  const all = (samples ?? []) as DocumentSample[]
  const alone = all.filter((each) => each.measured === 'alone').map(({ wall, critical }) => wall / critical)
  const memory = all.filter((each) => each.measured === 'memory').map(({ peak }) => peak)
  return [
    ...atMost('a document alone, beside the calls that nothing could shorten', median(alone), 1.15),
    ...all.flatMap((each) => (each.measured === 'crowd' ? ofCrowd(each) : [])),
    ...atMost(
      'memory for the longest document, beside the shortest',
      Math.max(...memory) / (memory[0] ?? Number.NaN),
      1.5,
    ),
  ]
}

function ofCrowd({ models, served }: Crowd): Mark[] {
  const firsts = served.map(({ first }) => first)
  const waits = served.map(({ first, examined }) => first - examined)
  return [
    // The scarcer of the two models: it decides how long all of it takes.
    ...models
      .filter(({ model }) => model === 'chat')
      .flatMap(({ used }) => atLeast('chat under a provider that refuses, of what it allows', used, 0.9)),
    ...atMost(
      'first documents of users, the last beside the first',
      Math.max(...firsts) / Math.min(...firsts),
      2,
    ),
    ...atMost('the same, once each was looked into', Math.max(...waits) / Math.min(...waits), 2),
  ]
}

function ofGroups(samples: unknown[] | undefined): Mark[] {
  const reads = ((samples ?? []) as GroupSample[]).flatMap((each) =>
    each.measured === 'read' && each.contestant === 'millrace' ? [each] : [],
  )
  const names = {
    progress: 'progress of a group',
    'first page': 'the first page of an inbox',
    'page in the middle': 'a page in the middle of an inbox',
  }
  return reads.flatMap(({ what, p50 }) => below(`${names[what]}, p50 in ms`, p50, 5))
}

function ofPrework(samples: unknown[] | undefined): Mark[] {
  const all = (samples ?? []) as PreworkSample[]
  const rate = (way: string): number =>
    median(
      all.flatMap((each) =>
        each.measured === 'pictures' && each.way === way && each.atOnce === 2 ? [each.perSecond] : [],
      ),
    )
  const lists = { active: 'users who are active', role: 'users of a role' }
  return [
    ...atLeast(
      'photographs two at once, beside bare sharp making the same of them',
      rate('whole job') / rate('bare, all three'),
      0.6,
    ),
    ...all.flatMap((each) =>
      each.measured === 'listing' && each.reader === 'over HTTP'
        ? [
            ...below(`a page of ${lists[each.list]}, p50 in ms`, each.p50, 20),
            ...atMost(
              `the last pages of ${lists[each.list]}, beside the first`,
              each.last / each.first,
              1.25,
            ),
          ]
        : [],
    ),
    ...atMost(
      'memory of the web process at the end of lists, beside their beginning',
      Math.max(
        ...all.flatMap((each) =>
          each.measured === 'telling' ? [(each.meanwhile.at(-1) ?? 0) / (each.meanwhile[0] ?? 1)] : [],
        ),
      ),
      1.25,
    ),
  ]
}

const atMost = (name: string, found: number, wanted: number): Mark[] =>
  Number.isFinite(found)
    ? [{ name, wanted: `at most ${wanted} ×`, found: `${found.toFixed(2)} ×`, met: found <= wanted }]
    : []

const atLeast = (name: string, found: number, wanted: number): Mark[] =>
  Number.isFinite(found)
    ? [{ name, wanted: `at least ${wanted} ×`, found: `${found.toFixed(2)} ×`, met: found >= wanted }]
    : []

const below = (name: string, found: number, wanted: number): Mark[] =>
  Number.isFinite(found)
    ? [{ name, wanted: `below ${wanted}`, found: shortly(found), met: found < wanted }]
    : []
