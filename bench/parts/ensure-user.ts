import { knownSignIns } from '../people.ts'
import { median, shortly, spread } from '../numbers.ts'
import type { LoadOrder, LoadResult } from '../programs/load.ts'
import type { Program } from '../program.ts'
import type { Setting } from '../setting.ts'
import { serverKeys, type Stack } from '../stack.ts'
import type { Table } from '../tables.ts'
import { load, startBareWeb, startWeb } from '../web.ts'

export interface SignIns extends LoadResult {
  contestant: 'millrace' | 'plain'
  who: 'new users' | 'known users'
  connections: number
}

const field = ['millrace', 'plain'] as const
const crowds = [1, 20]

/** How long a sign-in waits for its user: a job that is waited for, beside an upsert in the handler. */
export async function ensureUser({
  stack,
  say,
  options,
}: Setting): Promise<{ tables: Table[]; samples: SignIns[] }> {
  const seconds = options.quick ? 2 : 5
  const samples: SignIns[] = []
  const loader = stack.start('programs/load.ts')
  await loader.says('up')
  for (let round = 0; round < options.rounds; round += 1) {
    const order = round % 2 === 0 ? field : field.toReversed()
    for (const contestant of order.filter((each) => options.wants(each))) {
      await signIn(stack, loader, contestant, seconds, (sample) => {
        samples.push(sample)
        say(
          `ensure-user ${round + 1}/${options.rounds} ${sample.who}, ${sample.connections} at once: ${contestant} p50 ${shortly(sample.p50)} ms, p99 ${shortly(sample.p99)} ms`,
        )
      })
    }
  }
  await loader.end()
  return { samples, tables: [tableOf(samples, seconds)] }
}

async function signIn(
  stack: Stack,
  loader: Program,
  contestant: (typeof field)[number],
  seconds: number,
  measured: (sample: SignIns) => void,
): Promise<void> {
  await stack.clearRedis()
  const database = await stack.databases.fresh('millrace')
  const env = { DATABASE_URL: database }
  const isOurs = contestant === 'millrace'
  const worker = isOurs
    ? stack.start('../src/workers/main.ts', { name: 'millrace-quick', args: ['quick'], env })
    : undefined
  const web = isOurs
    ? await startWeb(stack, database)
    : await startBareWeb(stack, 'programs/bare-sign-in.ts', env)
  try {
    const headers: Record<string, string> = isOurs ? { 'x-millrace-key': serverKeys.rundi } : {}
    const order = { url: web.url, paths: [isOurs ? '/rundi/auth/ensure-user' : '/auth/ensure-user'], headers }
    const run = (more: Pick<LoadOrder, 'kind' | 'connections' | 'expect' | 'seconds'>): Promise<LoadResult> =>
      load(loader, { ...order, ...more })
    await run({ kind: 'sign-ins', connections: 20, expect: 201, seconds: 2 })
    for (const connections of crowds) {
      const result = await run({ kind: 'sign-ins', connections, expect: 201, seconds })
      measured({ contestant, who: 'new users', connections, ...result })
    }
    await makeKnown(web.url, order)
    for (const connections of crowds) {
      const result = await run({ kind: 'known sign-ins', connections, expect: 200, seconds })
      measured({ contestant, who: 'known users', connections, ...result })
    }
  } finally {
    await web.program.end()
    await worker?.end()
  }
}

/** Signs the known users in for the first time. */
async function makeKnown(
  url: string,
  { paths, headers }: Pick<LoadOrder, 'paths' | 'headers'>,
): Promise<void> {
  for (const body of knownSignIns) {
    const answer = await fetch(`${url}${paths[0]}`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (answer.status !== 201)
      throw new Error(`A first sign-in was answered ${answer.status}: ${await answer.text()}`)
    await answer.arrayBuffer()
  }
}

function tableOf(samples: SignIns[], seconds: number): Table {
  const names = { millrace: 'millrace: a job, waited for', plain: 'bare Fastify, upsert in the handler' }
  const cases = (['new users', 'known users'] as const).flatMap((who) =>
    crowds.map((connections) => ({ who, connections })),
  )
  const of = (contestant: string, { who, connections }: (typeof cases)[number]): SignIns[] =>
    samples.filter(
      (each) => each.contestant === contestant && each.who === who && each.connections === connections,
    )
  const middle = (
    contestant: string,
    one: (typeof cases)[number],
    part: 'p50' | 'p99' | 'perSecond',
  ): number => median(of(contestant, one).map((each) => each[part]))
  return {
    title: `(e) Sign-ins that wait for their user: POST /rundi/auth/ensure-user, one web and one worker process, ${seconds} s a round`,
    columns: ['', 'p50 ours is × this', 'p50 ms', 'least…most', 'p99 ms', 'least…most', 'requests/s'],
    rows: cases.flatMap((one) =>
      field
        .filter((contestant) => of(contestant, one).length > 0)
        .map((contestant) => [
          `${one.who}, ${one.connections} at once: ${names[contestant]}`,
          contestant === 'millrace'
            ? ''
            : (middle('millrace', one, 'p50') / middle(contestant, one, 'p50')).toFixed(2),
          shortly(middle(contestant, one, 'p50')),
          spread(of(contestant, one).map((each) => each.p50)),
          shortly(middle(contestant, one, 'p99')),
          spread(of(contestant, one).map((each) => each.p99)),
          shortly(middle(contestant, one, 'perSecond')),
        ]),
    ),
  }
}
