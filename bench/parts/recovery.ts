import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from '../../src/jobs/define.ts'
import { openBenchAsking } from '../asking.ts'
import { somebody } from '../people.ts'
import { benchJobs } from '../job.ts'
import { median, shortly } from '../numbers.ts'
import type { Setting } from '../setting.ts'
import type { Stack } from '../stack.ts'
import type { Table } from '../tables.ts'

/** How long a job whose worker was killed waits for another one to complete it. */
export async function recovery({
  stack,
  say,
  options,
}: Setting): Promise<{ tables: Table[]; samples: number[] }> {
  const rounds = options.quick ? 1 : 5
  const samples: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    // The kill comes at another point between two renewals of the lease each time.
    samples.push(await recoverOnce(stack, 2500 + (round * 2000) / rounds))
    say(`recovery ${round + 1}/${rounds}: ${shortly(samples.at(-1) ?? 0)} s`)
  }
  const table: Table = {
    title: '(f) From SIGKILL of a worker in the middle of a job to the job’s completion by another worker',
    columns: ['', 'median s', 'longest s', 'rounds'],
    rows: [
      ['millrace', shortly(median(samples)), shortly(Math.max(...samples)), samples.map(shortly).join(' ')],
    ],
    notes: ['A lease lasts 8 s from its last renewal; the sweep that takes over runs every 2 s.'],
  }
  return { samples, tables: [table] }
}

async function recoverOnce(stack: Stack, settledFor: number): Promise<number> {
  await stack.clearRedis()
  const env = { DATABASE_URL: await stack.databases.fresh('millrace') }
  await using asking = openBenchAsking({ ...stack.env, ...env })
  const doomed = stack.start('programs/millrace-worker.ts', {
    name: 'doomed-worker',
    args: ['5'],
    env: { ...env, HANGS: '1' },
  })
  await doomed.says('up')
  const { id } = await asking.accept.now(ask(benchJobs().mayHang, somebody()), 'bench')
  await doomed.says('first')
  const heir = stack.start('programs/millrace-worker.ts', { name: 'heir-worker', args: ['5'], env })
  try {
    await heir.says('up')
    await sleep(settledFor)
    doomed.signal('SIGKILL')
    const killed = performance.now()
    for (;;) {
      const [row] = await asking.database.run<{ state: string }>(stateOf, [id])
      if (row?.state === 'completed') return (performance.now() - killed) / 1000
      if (performance.now() - killed > 60_000)
        throw new Error(`The job was ${row?.state} a minute after its worker was killed.`)
      await sleep(20)
    }
  } finally {
    await heir.end()
  }
}

const stateOf = { name: 'bench.state', text: 'select state from millrace.jobs where id = $1' }
