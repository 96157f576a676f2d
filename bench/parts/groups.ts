import { openBenchAsking } from '../asking.ts'
import { shortly } from '../numbers.ts'
import type { Setting } from '../setting.ts'
import type { Table } from '../tables.ts'
import { measureArchiving, type Archiving } from './groups/archiving.ts'
import { addEnded } from './groups/ended.ts'
import { load } from './groups/load.ts'
import { explain } from './groups/plans.ts'
import { measureReads, type Read } from './groups/reads.ts'
import { logsOf, membersOf, notificationsOf, small, whole, type Size } from './groups/size.ts'

export type GroupSample = Read | Archiving

/** LockIN with many groups and much time logged: who reads, and who writes while ended groups are archived. */
export async function groups({
  stack,
  options,
  say,
}: Setting): Promise<{ tables: Table[]; samples: GroupSample[] }> {
  const size = options.quick ? small : whole
  await stack.clearRedis()
  const url = await stack.databases.fresh('millrace')
  const env = { ...stack.env, DATABASE_URL: url }
  const client = await stack.databases.connect(url)
  await using asking = openBenchAsking(env)
  try {
    await load(client, size, say)
    const reads = await measureReads(asking.database, size, {
      times: options.quick ? 200 : 2000,
      heard: ({ what, contestant, p50, p99 }) =>
        say(`groups: ${what}, ${contestant}: p50 ${shortly(p50)} ms, p99 ${shortly(p99)} ms`),
    })
    await addEnded(client, size)
    const plans = await explain(client)
    const archiving = await measureArchiving(
      { stack, env, asking, client, size },
      {
        perSecond: 200,
        idleSeconds: options.quick ? 5 : 20,
        heard: ({ by, groups: count, seconds, longest, writes }) =>
          say(
            `groups: ${count} archived by ${by} in ${shortly(seconds)} s, at most ${shortly(longest)} ms at once, writes meanwhile p99 ${writes.map(({ p99 }) => shortly(p99)).join(', ')} ms`,
          ),
      },
    )
    return {
      samples: [...reads, ...archiving],
      tables: [ofReads(reads, size), ofArchiving(archiving), ofWrites(archiving), ...plans],
    }
  } finally {
    await client.end()
  }
}

const many = (count: number): string => count.toLocaleString('en-US')

function ofReads(reads: Read[], size: Size): Table {
  return {
    title: `(h) Reads of one group or inbox, in milliseconds: ${many(size.groups)} groups, ${many(membersOf(size))} members, ${many(logsOf(size))} logs, ${many(notificationsOf(size))} notifications`,
    columns: ['', 'p50 ours is × this', 'p50', 'p99', 'reads'],
    rows: reads.map(({ what, contestant, p50, p99, times }) => [
      `${what}: ${contestant}`,
      contestant === 'millrace' ? '' : (ours(reads, what) / p50).toFixed(2),
      shortly(p50),
      shortly(p99),
      String(times),
    ]),
    notes: [
      'One after the other, on a connection of a pool. Plain: date_trunc, a naive end and whole logs, joined from the group down; pages by offset.',
    ],
  }
}

const ours = (reads: Read[], what: Read['what']): number =>
  reads.find((read) => read.what === what && read.contestant === 'millrace')?.p50 ?? Number.NaN

function ofArchiving(all: Archiving[]): Table {
  return {
    title: '(h) Archiving groups that have ended, while others write',
    columns: ['', 'groups', 'notifications', 'took s', 'groups/s', 'transactions', 'the longest ms'],
    rows: all
      .filter(({ by }) => by !== 'nobody')
      .map(({ by, groups: count, told, seconds, transactions, longest }) => [
        by,
        many(count),
        many(told),
        shortly(seconds),
        shortly(count / seconds),
        String(transactions),
        shortly(longest),
      ]),
    notes: [
      'One update is what the seed has: no session ends, nobody is told. The transactions of millrace are jobs; the longest is the longest seen by who looked every 20 ms.',
    ],
  }
}

function ofWrites(all: Archiving[]): Table {
  const [first] = all
  return {
    title: `(h) Meanwhile ${first?.perSecond} writes a second on schedule, in milliseconds since they were due`,
    columns: ['', 'p50', 'p99', 'p99 × idle', 'the longest', 'writes', 'refused', 'gave up'],
    rows: (first?.writes ?? []).flatMap(({ kind, p99: idle }) =>
      all.flatMap(({ by, writes }) =>
        writes
          .filter((each) => each.kind === kind)
          .map(({ p50, p99, most, count, refused, gaveUp }) => [
            `${kind}: ${by === 'nobody' ? 'nobody archives' : by}`,
            shortly(p50),
            shortly(p99),
            (p99 / idle).toFixed(1),
            shortly(most),
            String(count),
            String(refused),
            String(gaveUp),
          ]),
      ),
    ),
    notes: [
      'Refused: the group is archived. Gave up: no connection within 3 s, or no answer within 15 s; the pool has 12 connections.',
    ],
  }
}
