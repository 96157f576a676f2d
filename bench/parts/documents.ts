import { median, shortly, spread } from '../numbers.ts'
import type { Setting } from '../setting.ts'
import type { Table } from '../tables.ts'
import { measureAlone, pace, type Alone } from './documents/alone.ts'
import { limits, measureCrowd, type Crowd } from './documents/crowd.ts'
import { measureMemory, type Memory } from './documents/memory.ts'

export type DocumentSample = Alone | Crowd | Memory

/** Documents of IEP on their whole way: alone, in a crowd under a provider that refuses, and very long ones. */
export async function documents({
  stack,
  options,
  say,
}: Setting): Promise<{ tables: Table[]; samples: DocumentSample[] }> {
  const alone: Alone[] = []
  await measureAlone(stack, { pages: options.quick ? 12 : 30, times: options.rounds }, (sample) => {
    alone.push(sample)
    const { pages, wall, critical } = sample
    say(
      `document ${alone.length}/${options.rounds} of ${pages} pages: ${shortly(wall / 1000)} s, ${(wall / critical).toFixed(3)} × its model calls`,
    )
  })

  const crowd = await measureCrowd(stack, { quick: options.quick, workers, pages: 4 })
  const [, chat] = crowd.models
  say(
    `${crowd.documents} documents of ${crowd.users} users: ${shortly(crowd.seconds)} s, chat ${percent(chat?.used ?? 0)} used`,
  )

  const memory: Memory[] = []
  for (const pages of options.quick ? [10, 60] : [30, 1000]) {
    const sample = await measureMemory(stack, pages)
    if (!sample) break
    memory.push(sample)
    say(`memory for ${pages} pages: ${shortly(sample.peak)} MB at most, ${shortly(sample.seconds)} s`)
  }
  return {
    samples: [...alone, crowd, ...memory],
    tables: [
      ofAlone(alone),
      ofModels(crowd),
      ofUsers(crowd),
      ...(memory.length > 0 ? [ofMemory(memory)] : []),
    ],
  }
}

/** Processes that share the turns. */
const workers = 2

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
const inSeconds = (milliseconds: number): string => shortly(milliseconds / 1000)

function ofAlone(samples: Alone[]): Table {
  const middle = (
    part: 'wall' | 'critical' | 'before' | 'after' | 'read' | 'summarise' | 'translate',
  ): string => inSeconds(median(samples.map((sample) => sample[part])))
  const ratios = samples.map(({ wall, critical }) => wall / critical)
  const [first] = samples
  return {
    title: `(g) A document of ${first?.pages} pages alone, from its arrival until it is there in four languages`,
    columns: [
      '',
      '× its calls',
      'least…most',
      'wall s',
      'its calls s',
      'slowest range s',
      'summary s',
      'slowest language s',
      'before the first s',
      'after the last s',
      'calls',
      'tokens written',
    ],
    rows: [
      [
        'millrace',
        median(ratios).toFixed(3),
        `${Math.min(...ratios).toFixed(3)}…${Math.max(...ratios).toFixed(3)}`,
        middle('wall'),
        middle('critical'),
        middle('read'),
        middle('summarise'),
        middle('translate'),
        middle('before'),
        middle('after'),
        String(first?.calls ?? 0),
        shortly(first?.tokens ?? 0),
      ],
    ],
    notes: [
      `The provider takes ${pace.millisecondsPerCall} ms a call, ${pace.millisecondsPerPage} ms more for a page, ${pace.millisecondsPerToken} ms more for a token: faster than life, which is harder for us.`,
    ],
  }
}

function ofModels({ documents, users, models, seconds }: Crowd): Table {
  return {
    title: `(g) ${documents} documents of ${users} users at once, ${workers} worker processes: ${shortly(seconds)} s under a provider that refuses`,
    columns: [
      '',
      'used',
      'when enough waited',
      'while somebody stood in line',
      'filled for s',
      'answered',
      'refused (429)',
    ],
    rows: models.map(({ model, used, usedWhenEnough, usedInLine, filled, answered, refused }) => [
      model,
      percent(used),
      percent(usedWhenEnough),
      percent(usedInLine),
      shortly(filled),
      String(answered),
      String(refused),
    ]),
    notes: [
      `The provider allows ${limits.requestsPerSecond} calls a second and ${limits.inFlight} in flight, of each model; used: of whichever is nearer, from the first call until fewer than ${limits.inFlight} jobs were left for it.`,
    ],
  }
}

function ofUsers({ served, seconds }: Crowd): Table {
  const firsts = served.map(({ first }) => first)
  return {
    title: '(g) When users have what they wait for, in seconds since all arrived',
    columns: ['', 'first document s', 'of it, since it was looked into', 'last document s'],
    rows: served.map(({ documents: count, examined, first, last }) => [
      `a user with ${count}`,
      shortly(first),
      shortly(first - examined),
      shortly(last),
    ]),
    notes: [
      'All arrive at once, those of the first user first. People take turns at having their files looked into, by as many processes as there are processors, and then at the models.',
      `First documents: ${spread(firsts)} s; the last user has one after ${percent(Math.max(...firsts) / seconds)} of the time. In the order of arrival it would be the end.`,
    ],
  }
}

function ofMemory(samples: Memory[]): Table {
  const [short] = samples
  return {
    title: '(g) Memory of a fresh worker process for one document, in MB resident',
    columns: ['', 'most', '× the first', 'before it came', 'process that looks inside', 'file', 'took s'],
    rows: samples.map(({ pages, peak, before, guarded, megabytesOfFile, seconds }) => [
      `${pages.toLocaleString('en-US')} pages`,
      shortly(peak),
      (peak / (short?.peak ?? peak)).toFixed(2),
      shortly(before),
      shortly(guarded),
      shortly(megabytesOfFile),
      shortly(seconds),
    ]),
  }
}
