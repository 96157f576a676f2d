import {
  bullmq,
  graphileWorker,
  graphileWorkerBatched,
  millrace,
  pgBoss,
  pgBossAllOrNothing,
  type Contestant,
  type ContestantName,
  type Work,
} from '../contestants.ts'
import { cpuOf } from '../cpu.ts'
import { median, shortly, spread } from '../numbers.ts'
import type { Setting } from '../setting.ts'
import type { Stack } from '../stack.ts'
import type { Table } from '../tables.ts'

/** One drained queue. Processor time is in milliseconds per job. */
export interface Drain {
  contestant: ContestantName
  work: Work
  concurrency: number
  jobs: number
  seconds: number
  perSecond: number
  cpu: { worker: number; postgres: number; redis: number } | undefined
}

const rivals = [graphileWorker, graphileWorkerBatched, pgBoss, pgBossAllOrNothing]

/** How fast a backlog is worked off: one worker process, jobs put in beforehand. */
export async function drain({
  stack,
  say,
  options,
}: Setting): Promise<{ tables: Table[]; samples: Drain[] }> {
  const jobs = options.quick ? 3000 : 20_000
  const contests: { work: Work; concurrency: number; field: Contestant[] }[] = [
    ...[50, 200].map((concurrency) => ({
      work: 'nothing' as const,
      concurrency,
      field: [millrace, bullmq, ...rivals],
    })),
    { work: 'write', concurrency: 50, field: [millrace, ...rivals] },
  ]
  const samples: Drain[] = []
  for (let round = 0; round < options.rounds; round += 1) {
    for (const { work, concurrency, field } of contests) {
      // Each round another one goes first.
      const order = field.map((_, index) => field[(index + round) % field.length] as Contestant)
      for (const contestant of order.filter((each) => options.wants(each.name))) {
        const sample = await drainOnce(stack, contestant, { jobs, work, concurrency })
        samples.push(sample)
        const { perSecond, cpu } = sample
        const spent = cpu
          ? `, ms of CPU per job: worker ${cpu.worker.toFixed(3)}, postgres ${cpu.postgres.toFixed(3)}, redis ${cpu.redis.toFixed(3)}`
          : ''
        say(
          `drain ${round + 1}/${options.rounds} ${work} at ${concurrency}: ${contestant.name} ${shortly(perSecond)} jobs/s${spent}`,
        )
      }
    }
  }
  return { samples, tables: contests.map((contest) => tableOf(contest, samples, jobs)) }
}

async function drainOnce(
  stack: Stack,
  contestant: Contestant,
  { jobs, work, concurrency }: { jobs: number; work: Work; concurrency: number },
): Promise<Drain> {
  const filled = await contestant.fill(stack, jobs, work)
  try {
    const worker = stack.start(contestant.worker, {
      name: `${contestant.name}-worker`,
      args: [String(concurrency), String(jobs), ...(work === 'write' ? ['write'] : [])],
      env: { ...contestant.env, ...filled.env },
    })
    try {
      const pids = { worker: worker.pid, ...stack.pids }
      const first = await worker.says('first')
      const before = readCpu(pids)
      await worker.says('last')
      // From here on the store is asked, until it knows of nothing unsettled.
      while (!(await filled.settled())) await new Promise((resolve) => setTimeout(resolve, 3))
      const seconds = (performance.timeOrigin + performance.now() - first.at) / 1000
      const after = readCpu(pids)
      const cpu = before && after ? perJob(before, after, jobs) : undefined
      await filled.check()
      return { contestant: contestant.name, work, concurrency, jobs, seconds, perSecond: jobs / seconds, cpu }
    } finally {
      await worker.end()
    }
  } finally {
    await filled.close()
  }
}

type Spent = { worker: number; postgres: number; redis: number }

function readCpu(pids: Spent): Spent | undefined {
  const [worker, postgres, redis] = [cpuOf(pids.worker), cpuOf(pids.postgres), cpuOf(pids.redis)]
  if (worker === undefined || postgres === undefined || redis === undefined) return undefined
  return { worker, postgres, redis }
}

const perJob = (before: Spent, after: Spent, jobs: number): Spent => ({
  worker: ((after.worker - before.worker) * 1000) / jobs,
  postgres: ((after.postgres - before.postgres) * 1000) / jobs,
  redis: ((after.redis - before.redis) * 1000) / jobs,
})

function tableOf(
  { work, concurrency, field }: { work: Work; concurrency: number; field: Contestant[] },
  samples: Drain[],
  jobs: number,
): Table {
  const of = (name: ContestantName): Drain[] =>
    samples.filter(
      (each) => each.contestant === name && each.work === work && each.concurrency === concurrency,
    )
  const rate = (name: ContestantName): number => median(of(name).map((each) => each.perSecond))
  const what = work === 'nothing' ? 'that do nothing' : 'with one insert each'
  return {
    title: `(b) Draining ${jobs.toLocaleString('en-US')} jobs ${what}, one worker process at concurrency ${concurrency}`,
    columns: [
      '',
      'ours is × this',
      'jobs/s',
      'least…most',
      'CPU ms/job: worker',
      'postgres',
      'redis',
      'settings',
    ],
    rows: field
      .filter(({ name }) => of(name).length > 0)
      .map(({ name, settings }) => {
        const cpu = (part: keyof Spent): string => {
          const known = of(name).flatMap((each) => (each.cpu ? [each.cpu[part]] : []))
          return known.length === 0 ? '-' : median(known).toFixed(3)
        }
        return [
          name,
          name === 'millrace' ? '' : (rate('millrace') / rate(name)).toFixed(2),
          shortly(rate(name)),
          spread(of(name).map((each) => each.perSecond)),
          cpu('worker'),
          cpu('postgres'),
          cpu('redis'),
          settings,
        ]
      }),
  }
}
