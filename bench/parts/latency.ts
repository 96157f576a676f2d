import { median, shortly, spread } from '../numbers.ts'
import type { ArrivalOrder, Latency } from '../programs/arrivals.ts'
import type { Message } from '../program.ts'
import type { Setting } from '../setting.ts'
import type { Stack } from '../stack.ts'
import type { Table } from '../tables.ts'

export interface LatencySample extends Latency {
  contestant: 'millrace' | 'bullmq'
  load: string
}

/** The loads in which nothing else is under way: processes that have just done the same, and such as have begun to cool down. */
export const quietLoads = { oneAfterAnother: 'one after another', idle: 'idle, one every 20 ms' } as const

const field = ['millrace', 'bullmq'] as const

/** How long it takes from asking for a job to knowing its result: asked in one process, done in another. */
export async function latency({
  stack,
  say,
  options,
}: Setting): Promise<{ tables: Table[]; samples: LatencySample[] }> {
  const seconds = options.quick ? 4 : 15
  const loads: { name: string; order: ArrivalOrder }[] = [
    { name: quietLoads.oneAfterAnother, order: { oneAtATime: options.quick ? 200 : 2000, pauseMs: 0 } },
    { name: quietLoads.idle, order: { oneAtATime: options.quick ? 100 : 500, pauseMs: 20 } },
    { name: '1 job/s', order: { perSecond: 1, seconds: seconds * 2 } },
    { name: '100 jobs/s', order: { perSecond: 100, seconds } },
    { name: '1,000 jobs/s', order: { perSecond: 1000, seconds } },
  ]
  const samples: LatencySample[] = []
  for (let round = 0; round < options.rounds; round += 1) {
    const order = round % 2 === 0 ? field : field.toReversed()
    for (const contestant of order.filter((each) => options.wants(each))) {
      await withPair(stack, contestant, async (measure) => {
        for (const { name, order } of loads) {
          const sample = { contestant, load: name, ...(await measure(order)) }
          samples.push(sample)
          say(
            `latency ${round + 1}/${options.rounds} ${name}: ${contestant} p50 ${shortly(sample.p50)} ms, p99 ${shortly(sample.p99)} ms`,
          )
        }
      })
    }
  }
  return {
    samples,
    tables: [
      tableOf(
        loads.map(({ name }) => name),
        samples,
      ),
    ],
  }
}

/** A worker process and a process that asks, both warm. */
async function withPair(
  stack: Stack,
  contestant: (typeof field)[number],
  work: (measure: (order: ArrivalOrder) => Promise<Latency>) => Promise<void>,
): Promise<void> {
  await stack.clearRedis()
  const env = contestant === 'millrace' ? { DATABASE_URL: await stack.databases.fresh('millrace') } : {}
  const worker = stack.start(`programs/${contestant}-worker.ts`, { args: ['50'], env })
  const asker = stack.start(`programs/${contestant}-asker.ts`, { env })
  try {
    await worker.says('up')
    await asker.says('up')
    const measure = async (order: ArrivalOrder): Promise<Latency> => {
      asker.tell(order)
      const { jobs, p50, p99, most, lateP99 } = await asker.says<Message & Latency>('measured')
      return { jobs, p50, p99, most, lateP99 }
    }
    await measure({ perSecond: 200, seconds: 3 })
    await work(measure)
  } finally {
    await asker.end()
    await worker.end()
  }
}

function tableOf(loads: string[], samples: LatencySample[]): Table {
  const of = (contestant: string, load: string): LatencySample[] =>
    samples.filter((each) => each.contestant === contestant && each.load === load)
  const middle = (contestant: string, load: string, part: 'p50' | 'p99' | 'lateP99'): number =>
    median(of(contestant, load).map((each) => each[part]))
  return {
    title:
      '(c) From asking to the result, in milliseconds: asked in one process, done in another, concurrency 50',
    columns: [
      '',
      'p50 ours is × this',
      'p50',
      'least…most',
      'p99',
      'least…most',
      'jobs a round',
      'arrivals late, p99',
    ],
    rows: loads.flatMap((load) =>
      field
        .filter((contestant) => of(contestant, load).length > 0)
        .map((contestant) => [
          `${load}: ${contestant}`,
          contestant === 'millrace'
            ? ''
            : (middle('millrace', load, 'p50') / middle(contestant, load, 'p50')).toFixed(2),
          shortly(middle(contestant, load, 'p50')),
          spread(of(contestant, load).map((each) => each.p50)),
          shortly(middle(contestant, load, 'p99')),
          spread(of(contestant, load).map((each) => each.p99)),
          String(of(contestant, load)[0]?.jobs ?? 0),
          shortly(middle(contestant, load, 'lateP99')),
        ]),
    ),
    notes: [
      'One after another, the next is asked for as soon as the result of the last is known; every 20 ms, that long after it.',
      'Others arrive on schedule and wait for nobody. With so few jobs, p99 at 1 job/s is the slowest of them.',
    ],
  }
}
