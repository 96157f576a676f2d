import { Queue } from 'bullmq'
import { makeWorkerUtils, runMigrations } from 'graphile-worker'
import { PgBoss } from 'pg-boss'
import { ticketsIn } from '../src/jobs/bundle.ts'
import { ask } from '../src/jobs/define.ts'
import { openBenchAsking } from './asking.ts'
import { benchJobs } from './job.ts'
import { somebody } from './people.ts'
import type { Stack } from './stack.ts'

export type ContestantName =
  | 'millrace'
  | 'bullmq'
  | 'pg-boss'
  | 'pg-boss, all or nothing'
  | 'graphile-worker'
  | 'graphile-worker, batched'
export type Work = 'nothing' | 'write'

/** A queue with jobs in it, ready for its worker. */
export interface Filled {
  /** What its worker needs to find them. */
  env: Record<string, string>
  /** True once nothing is left that is not settled; asks the store itself. */
  settled(): Promise<boolean>
  /** Throws when what was measured is not what was meant. */
  check(): Promise<void>
  close(): Promise<void>
}

/** A way to run jobs, and how the bench puts jobs into it. */
export interface Contestant {
  name: ContestantName
  worker: string
  /** What its worker is told beside its concurrency. */
  env?: Record<string, string>
  /** Its settings, for the reader. */
  settings: string
  fill(stack: Stack, jobs: number, work: Work): Promise<Filled>
}

export const millrace: Contestant = {
  name: 'millrace',
  worker: 'programs/millrace-worker.ts',
  settings:
    'the worker process as it is: ledger, history, leases, sweep, one log line per attempt; light jobs, which share BullMQ jobs',
  fill: async (stack, jobs, work) => {
    const url = await stack.databases.fresh('millrace')
    await stack.clearRedis()
    const env = { DATABASE_URL: url }
    const asking = openBenchAsking({ ...stack.env, ...env })
    const { doNothing, writeOne } = benchJobs()
    const job = work === 'write' ? writeOne : doNothing
    const queue = asking.dispatcher.queue('quick')
    for (let asked = 0; asked < jobs;) {
      const count = Math.min(1000, jobs - asked)
      await Promise.all(Array.from({ length: count }, () => asking.accept.now(ask(job, somebody()), 'bench')))
      asked += count
      await until(async () => (await waitingTickets(queue)) === asked)
    }
    await settleStore(stack, url)
    return {
      env,
      settled: async () => {
        const rows = await asking.database.run(anyLeft, [])
        return rows.length === 0
      },
      check: async () => {
        const [row] = await stack.databases.query<{ settled: number; history: number }>(
          url,
          `select count(*) filter (where state = 'completed')::int as settled,
            (select count(*)::int from millrace.job_events) as history from millrace.jobs`,
        )
        if (row?.settled !== jobs || row.history !== jobs * 3)
          throw new Error(`Not every job was settled exactly once, in one attempt: ${JSON.stringify(row)}`)
      },
      close: async () => asking[Symbol.asyncDispose](),
    }
  },
}

const anyLeft = {
  name: 'bench.any-left',
  text: `select 1 from millrace.live_jobs limit 1`,
}

/** Tickets that Redis holds, alone or in bundles. */
export async function waitingTickets(queue: Queue): Promise<number> {
  const waiting = await queue.getWaiting()
  return waiting.reduce((sum, job) => sum + ticketsIn(job).length, 0)
}

export const bullmq: Contestant = {
  name: 'bullmq',
  worker: 'programs/bullmq-worker.ts',
  settings: 'one Worker, removeOnComplete and removeOnFail, no log',
  fill: async (stack, jobs) => {
    await stack.clearRedis()
    const queue = new Queue('bench', {
      connection: { path: stack.redis.url },
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    })
    for (let added = 0; added < jobs; added += 1000) {
      const count = Math.min(1000, jobs - added)
      await queue.addBulk(Array.from({ length: count }, () => ({ name: 'bench', data: somebody() })))
    }
    return {
      env: {},
      settled: async () =>
        Object.values(await queue.getJobCounts('waiting', 'active')).every((count) => count === 0),
      check: async () => {
        if ((await queue.getFailedCount()) > 0) throw new Error('Jobs failed in BullMQ.')
      },
      close: () => queue.close(),
    }
  },
}

const fillPgBoss: Contestant['fill'] = async (stack, jobs) => {
  const url = await stack.databases.fresh('pg-boss')
  const boss = openBoss(url)
  await boss.start()
  for (let added = 0; added < jobs; added += 1000) {
    const count = Math.min(1000, jobs - added)
    await boss.insert(
      'bench',
      Array.from({ length: count }, () => ({ data: somebody() })),
    )
  }
  await boss.stop()
  await settleStore(stack, url)
  return inPostgres(
    stack,
    url,
    `select 1 from pgboss.job where state < 'completed' limit 1`,
    `select count(*)::int as count from pgboss.job where state = 'completed'`,
    jobs,
  )
}

/** In batches of which every job ends as it should and keeps its own result, as with everybody else here. */
export const pgBoss: Contestant = {
  name: 'pg-boss',
  worker: 'programs/pg-boss-worker.ts',
  env: { PG_BOSS_EACH: '1' },
  settings: '2 fetchers, each batchSize = concurrency / 2, burstWhenBatchFull, perJobResults',
  fill: fillPgBoss,
}

/** Its fastest: one job that fails takes its whole batch along, those that had gone well too, and no result is kept. */
export const pgBossAllOrNothing: Contestant = {
  name: 'pg-boss, all or nothing',
  worker: 'programs/pg-boss-worker.ts',
  settings: 'the same, without perJobResults',
  fill: fillPgBoss,
}

const openBoss = (url: string): PgBoss => {
  const boss = new PgBoss({ connectionString: url, schedule: false, supervise: false })
  boss.on('error', (error) => console.error(error))
  return boss
}

const fillGraphileWorker: Contestant['fill'] = async (stack, jobs) => {
  const url = await stack.databases.fresh('graphile-worker')
  const utils = await makeWorkerUtils({ connectionString: url })
  for (let added = 0; added < jobs; added += 1000) {
    const count = Math.min(1000, jobs - added)
    await utils.addJobs(Array.from({ length: count }, () => ({ identifier: 'bench', payload: somebody() })))
  }
  await utils.release()
  await settleStore(stack, url)
  return inPostgres(
    stack,
    url,
    `select 1 from graphile_worker._private_jobs limit 1`,
    `select ${jobs} - count(*)::int as count from graphile_worker._private_jobs`,
    jobs,
  )
}

/** As it comes: every job is fetched and completed by itself, so that a crash leaves little locked. */
export const graphileWorker: Contestant = {
  name: 'graphile-worker',
  worker: 'programs/graphile-worker.ts',
  env: { LOCAL_QUEUE: '-1', BATCH_DELAY: '-1' },
  settings: 'concurrentJobs = concurrency, no log',
  fill: fillGraphileWorker,
}

/** As its page on performance advises; jobs a crashed worker had fetched stay locked for four hours. */
export const graphileWorkerBatched: Contestant = {
  name: 'graphile-worker, batched',
  worker: 'programs/graphile-worker.ts',
  env: { LOCAL_QUEUE: '500', BATCH_DELAY: '0' },
  settings: 'the same, with localQueue.size 500 and completeJobBatchDelay 0',
  fill: fillGraphileWorker,
}

/** How the empty databases of those who live in Postgres are made. */
export const prepare = {
  'pg-boss': async (url: string): Promise<void> => {
    const boss = openBoss(url)
    await boss.start()
    await boss.createQueue('bench')
    await boss.stop()
  },
  'graphile-worker': (url: string): Promise<void> => runMigrations({ connectionString: url }),
}

/** Statistics as autovacuum would have made them by the time, and no checkpoint left over from filling. */
async function settleStore(stack: Stack, url: string): Promise<void> {
  await stack.databases.query(url, 'vacuum analyze')
  await stack.databases.query(url, 'checkpoint')
}

async function inPostgres(
  stack: Stack,
  url: string,
  anyLeft: string,
  settledCount: string,
  jobs: number,
): Promise<Filled> {
  const client = await stack.databases.connect(url)
  return {
    env: { DATABASE_URL: url },
    settled: async () => (await client.query(anyLeft)).rows.length === 0,
    check: async () => {
      const { rows } = await client.query<{ count: number }>(settledCount)
      if (rows[0]?.count !== jobs) throw new Error(`${rows[0]?.count} of ${jobs} jobs were completed.`)
    },
    close: () => client.end(),
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('The queue did not fill within a minute.')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
