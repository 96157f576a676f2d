import { Queue } from 'bullmq'
import { cpuOf } from '../cpu.ts'
import { median, shortly, spread } from '../numbers.ts'
import type { Program } from '../program.ts'
import type { LoadResult } from '../programs/load.ts'
import type { Setting } from '../setting.ts'
import { serverKeys, type Stack } from '../stack.ts'
import type { Table } from '../tables.ts'
import { load, startBareWeb, startWeb, type Web } from '../web.ts'

/** One round of enqueueing. Processor time is in milliseconds per request. */
export interface Enqueue extends LoadResult {
  contestant: 'millrace' | 'plain'
  /** Requests under way at once. */
  connections: number
  cpu: { web: number; postgres: number; redis: number } | undefined
}

/** Ours waits for the disk in company: how many share a commit is how many ask at once. */
const crowds = [50, 200]

/** How fast jobs come in over HTTP, with no worker running, to processes that have been at it for a while: both are warmed up for as long. */
export async function enqueue({
  stack,
  say,
  options,
}: Setting): Promise<{ tables: Table[]; samples: Enqueue[] }> {
  const seconds = options.quick ? 3 : 8
  const samples: Enqueue[] = []
  const load = stack.start('programs/load.ts')
  await load.says('up')
  for (let round = 0; round < options.rounds; round += 1) {
    const order = round % 2 === 0 ? (['millrace', 'plain'] as const) : (['plain', 'millrace'] as const)
    for (const [contestant, connections] of contests(order.filter((each) => options.wants(each)))) {
      const measured = await (contestant === 'millrace' ? ours : bare)(stack, load, { seconds, connections })
      const sample: Enqueue = { contestant, connections, ...measured }
      samples.push(sample)
      const cpu = sample.cpu
        ? `, ms of CPU each: web ${sample.cpu.web.toFixed(3)}, postgres ${sample.cpu.postgres.toFixed(3)}, redis ${sample.cpu.redis.toFixed(3)}`
        : ''
      say(
        `enqueue ${round + 1}/${options.rounds} by ${connections}: ${contestant} ${shortly(sample.perSecond)}/s, p50 ${shortly(sample.p50)} ms, p99 ${shortly(sample.p99)} ms${cpu}`,
      )
    }
  }
  await load.end()
  return { samples, tables: crowds.map((connections) => tableOf(samples, { seconds, connections })) }
}

const contests = <Name>(order: Name[]): [Name, number][] =>
  crowds.flatMap((connections) => order.map((name): [Name, number] => [name, connections]))

type Measured = LoadResult & Pick<Enqueue, 'cpu'>
interface Asked {
  seconds: number
  connections: number
}

async function ours(stack: Stack, loader: Program, asked: Asked): Promise<Measured> {
  const database = await stack.databases.fresh('millrace')
  await stack.clearRedis()
  const web = await startWeb(stack, database)
  try {
    const result = await underLoad(
      stack,
      loader,
      web,
      '/anki/users',
      { 'x-millrace-key': serverKeys.anki },
      asked,
    )
    const [rows] = await stack.databases.query<{ kept: number; started: number }>(
      database,
      `select count(*)::int as kept, count(*) filter (where state <> 'waiting')::int as started from millrace.jobs`,
    )
    // Requests that were on their way at the end, and the warm-up, are in the ledger but not among the answers.
    if (!rows || rows.kept < result.answers || rows.started > 0)
      throw new Error(
        `The ledger does not hold what was answered for: ${JSON.stringify({ ...rows, answers: result.answers })}`,
      )
    return result
  } finally {
    await web.program.end()
  }
}

async function bare(stack: Stack, loader: Program, asked: Asked): Promise<Measured> {
  await stack.clearRedis()
  const web = await startBareWeb(stack, 'programs/bare-web.ts')
  const queue = new Queue('bench', { connection: { path: stack.redis.url } })
  try {
    const result = await underLoad(stack, loader, web, '/enqueue', {}, asked)
    const waiting = await queue.getWaitingCount()
    if (waiting < result.answers)
      throw new Error(`Redis holds ${waiting} jobs of ${result.answers} that were answered for.`)
    return result
  } finally {
    await queue.close()
    await web.program.end()
  }
}

async function underLoad(
  stack: Stack,
  loader: Program,
  web: Web,
  path: string,
  headers: Record<string, string>,
  { seconds, connections }: Asked,
): Promise<Measured> {
  const order = {
    url: web.url,
    kind: 'sign-ups' as const,
    paths: [path],
    headers,
    connections,
    expect: 202,
  }
  await load(loader, { ...order, seconds: seconds * 0.75 })
  const pids = [web.program.pid, stack.pids.postgres, stack.pids.redis]
  const before = pids.map(cpuOf)
  const result = await load(loader, { ...order, seconds })
  const [onWeb, postgres, redis] = pids.map(cpuOf).map((after, index) => {
    const start = before[index]
    return after === undefined || start === undefined ? undefined : ((after - start) * 1000) / result.answers
  })
  const known = onWeb !== undefined && postgres !== undefined && redis !== undefined
  return { ...result, cpu: known ? { web: onWeb, postgres, redis } : undefined }
}

function tableOf(samples: Enqueue[], { seconds, connections }: Asked): Table {
  const names = { millrace: 'millrace: durable, authenticated, checked', plain: 'bare Fastify + BullMQ add' }
  const of = (name: Enqueue['contestant']): Enqueue[] =>
    samples.filter((each) => each.contestant === name && each.connections === connections)
  const rate = (name: Enqueue['contestant']): number => median(of(name).map((each) => each.perSecond))
  const cpu = (name: Enqueue['contestant'], part: 'web' | 'postgres' | 'redis'): string => {
    const known = of(name).flatMap((each) => (each.cpu ? [each.cpu[part]] : []))
    return known.length === 0 ? '-' : median(known).toFixed(3)
  }
  return {
    title: `(a) Enqueueing over HTTP: ${connections} connections, ${seconds} s a round, no worker running`,
    columns: [
      '',
      'ours is × this',
      'requests/s',
      'least…most',
      'p50 ms',
      'p99 ms',
      'CPU ms/request: web',
      'postgres',
      'redis',
    ],
    rows: (['millrace', 'plain'] as const)
      .filter((name) => of(name).length > 0)
      .map((name) => [
        names[name],
        name === 'millrace' ? '' : (rate('millrace') / rate(name)).toFixed(2),
        shortly(rate(name)),
        spread(of(name).map((each) => each.perSecond)),
        shortly(median(of(name).map((each) => each.p50))),
        shortly(median(of(name).map((each) => each.p99))),
        cpu(name, 'web'),
        cpu(name, 'postgres'),
        cpu(name, 'redis'),
      ]),
  }
}
