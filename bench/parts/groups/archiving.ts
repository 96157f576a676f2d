import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { ask } from '../../../src/jobs/define.ts'
import { archiveExpiredGroups } from '../../../src/jobs/lockin/archive-expired-groups.ts'
import type { BenchAsking } from '../../asking.ts'
import type { Stack } from '../../stack.ts'
import { addEnded, leftToArchive } from './ended.ts'
import type { Size } from './size.ts'
import { startWriters, type Writes } from './writers.ts'

export const archivers = ['nobody', 'millrace', 'in one transaction', 'one update'] as const

/** How groups were archived while others wrote, and what that was like for them. */
export interface Archiving {
  measured: 'archiving'
  by: (typeof archivers)[number]
  groups: number
  /** How many were told of it. */
  told: number
  seconds: number
  /** The transactions, and the longest of them in milliseconds. */
  transactions: number
  longest: number
  perSecond: number
  writes: Writes[]
}

interface Parts {
  stack: Stack
  env: Record<string, string>
  asking: BenchAsking
  client: Client
  size: Size
}

/** Each archives as many groups of the same kind, which are there already or added just before, while the same writes go on. */
export async function measureArchiving(
  parts: Parts,
  {
    perSecond,
    idleSeconds,
    heard,
  }: { perSecond: number; idleSeconds: number; heard: (each: Archiving) => void },
): Promise<Archiving[]> {
  const { asking, client, size } = parts
  const done: Archiving[] = []
  for (const [index, by] of archivers.entries()) {
    // The first two find what is there: nobody archives it, and then ours does.
    if (index > 1) await addEnded(client, size)
    const [before, toldBefore] = [await leftToArchive(client), await told(client)]
    await using archiver = await open[by](parts, idleSeconds)
    await warm(asking, perSecond, index)
    const writers = await startWriters(asking.database, perSecond, index * 2 * SEEDS)
    await sleep(500)
    const began = performance.now()
    const transactions = await archiver.run()
    const ended = performance.now()
    const writes = await writers.stop(began, ended)
    const left = await leftToArchive(client)
    // What a write holds at that moment is left for the next minute.
    if (by !== 'nobody' && left > before / 100) throw new Error(`${left} groups were not archived by ${by}.`)
    const each: Archiving = {
      measured: 'archiving',
      by,
      groups: before - left,
      told: (await told(client)) - toldBefore,
      seconds: (ended - began) / 1000,
      ...transactions,
      perSecond,
      writes,
    }
    done.push(each)
    heard(each)
  }
  return done
}

type Transactions = Pick<Archiving, 'transactions' | 'longest'>
interface Archiver extends AsyncDisposable {
  run(): Promise<Transactions>
}

const open: Record<Archiving['by'], (parts: Parts, idleSeconds: number) => Promise<Archiver>> = {
  nobody: async (_parts, idleSeconds) =>
    withNothing(async () => {
      await sleep(idleSeconds * 1000)
      return { transactions: 0, longest: 0 }
    }),
  millrace: openWorker,
  'in one transaction': async ({ client }) =>
    withNothing(() => atOnce(client, 'select lockin.archive_expired_groups()')),
  // As the seed has it: nothing is ended, nobody told.
  'one update': async ({ client }) =>
    withNothing(() =>
      atOnce(
        client,
        `update lockin.groups set status = 'archived', archived_at = now() where status <> 'archived' and end_at <= now()`,
      ),
    ),
}

const withNothing = (run: Archiver['run']): Archiver => ({
  run,
  [Symbol.asyncDispose]: async () => undefined,
})

async function atOnce(client: Client, text: string): Promise<Transactions> {
  const began = performance.now()
  await client.query(text)
  return { transactions: 1, longest: performance.now() - began }
}

/** The clock's wish, and the batches that follow from it, in the worker process as it is. */
async function openWorker({ stack, env, asking, client }: Parts): Promise<Archiver> {
  const worker = stack.start('parts/groups/worker.ts', { name: 'groups-worker', env })
  await worker.says('up')
  return {
    run: async () => {
      await asking.accept.now(ask(archiveExpiredGroups, { slot: new Date().toISOString() }), 'f'.repeat(32))
      let longest = 0
      for (;;) {
        const { rows } = await client.query<Seen>(look, [archiveExpiredGroups.name])
        const [seen] = rows
        longest = Math.max(longest, seen?.running ?? 0)
        if (seen && Number(seen.waiting) === 0) return { transactions: Number(seen.settled), longest }
        await sleep(20)
      }
    },
    [Symbol.asyncDispose]: () => worker.end(),
  }
}

interface Seen {
  waiting: string
  settled: string
  /** How long the transaction of the worker that runs at this moment has run, in milliseconds. */
  running: number
}

const look = `
select
  count(*) filter (where settled_at is null) as waiting,
  count(*) filter (where settled_at is not null) as settled,
  (
    select coalesce(extract(epoch from max(clock_timestamp() - xact_start)) * 1000, 0)::float8 from pg_stat_activity
    where application_name = 'millrace worker maintenance' and state <> 'idle'
  ) as running
from millrace.jobs where name = $1`

const told = async (client: Client): Promise<number> => {
  const { rows } = await client.query<{ told: string }>(
    `select count(*) as told from lockin.notifications where title like 'Ended group %'`,
  )
  return Number(rows[0]?.told ?? 0)
}

/** Writes for a moment what is not counted, so that every connection knows its statements. */
async function warm({ database }: BenchAsking, perSecond: number, index: number): Promise<void> {
  const writers = await startWriters(database, perSecond, (index * 2 + 1) * SEEDS)
  await sleep(2000)
  await writers.stop()
}

/** More writes than any of them makes. */
const SEEDS = 100_000
