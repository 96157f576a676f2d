import { cpuOf } from '../cpu.ts'
import { signUp } from '../people.ts'
import { median, shortly, spread } from '../numbers.ts'
import type { LoadResult } from '../programs/load.ts'
import type { Setting } from '../setting.ts'
import { serverKeys } from '../stack.ts'
import type { Table } from '../tables.ts'
import { load, startWeb } from '../web.ts'

export interface Polls extends LoadResult {
  kind: 'whole' | 'unchanged'
  cpuOfWeb: number | undefined
}

const CONNECTIONS = 50
const JOBS = 100

/** How many users may look how far their jobs are. */
export async function polls({
  stack,
  say,
  options,
}: Setting): Promise<{ tables: Table[]; samples: Polls[] }> {
  const seconds = options.quick ? 2 : 6
  const samples: Polls[] = []
  const loader = stack.start('programs/load.ts')
  await stack.clearRedis()
  const web = await startWeb(stack, await stack.databases.fresh('millrace'))
  try {
    await loader.says('up')
    const headers = { 'x-millrace-key': serverKeys.anki }
    const paths = await Promise.all(Array.from({ length: JOBS }, () => jobOf(web.url, headers)))
    const etag = await etagOf(`${web.url}${paths[0]}`, headers)
    const order = { url: web.url, kind: 'reads' as const, paths, connections: CONNECTIONS }
    await load(loader, { ...order, headers, expect: 200, seconds: 2 })
    for (let round = 0; round < options.rounds; round += 1) {
      for (const kind of ['whole', 'unchanged'] as const) {
        const asked = kind === 'whole' ? headers : { ...headers, 'if-none-match': etag }
        const before = cpuOf(web.program.pid)
        const result = await load(loader, {
          ...order,
          headers: asked,
          expect: kind === 'whole' ? 200 : 304,
          seconds,
        })
        const after = cpuOf(web.program.pid)
        const spent =
          before === undefined || after === undefined ? undefined : ((after - before) * 1000) / result.answers
        samples.push({ kind, cpuOfWeb: spent, ...result })
        say(
          `polls ${round + 1}/${options.rounds} ${kind}: ${shortly(result.perSecond)}/s, p99 ${shortly(result.p99)} ms`,
        )
      }
    }
  } finally {
    await web.program.end()
    await loader.end()
  }
  return { samples, tables: [tableOf(samples)] }
}

/** Signs somebody up; the way to the job that follows. */
async function jobOf(url: string, headers: Record<string, string>): Promise<string> {
  const answer = await fetch(`${url}/anki/users`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(signUp()),
  })
  const location = answer.headers.get('location')
  if (answer.status !== 202 || !location)
    throw new Error(`A sign-up was answered ${answer.status}: ${await answer.text()}`)
  return location
}

/** All jobs wait in the same state, so that one tag fits them all. */
async function etagOf(url: string, headers: Record<string, string>): Promise<string> {
  const answer = await fetch(url, { headers })
  const etag = answer.headers.get('etag')
  if (answer.status !== 200 || !etag)
    throw new Error(`A receipt was answered ${answer.status}: ${await answer.text()}`)
  return etag
}

function tableOf(samples: Polls[]): Table {
  const names = { whole: 'the whole receipt (200)', unchanged: 'If-None-Match (304)' }
  return {
    title: `(d) Status polls of one web process: GET /jobs/{id} with a server key, ${CONNECTIONS} connections, ${JOBS} jobs`,
    columns: ['', 'requests/s', 'least…most', 'p50 ms', 'p99 ms', 'CPU ms/request: web'],
    rows: (['whole', 'unchanged'] as const).map((kind) => {
      const of = samples.filter((each) => each.kind === kind)
      const cpu = of.flatMap((each) => each.cpuOfWeb ?? [])
      return [
        names[kind],
        shortly(median(of.map((each) => each.perSecond))),
        spread(of.map((each) => each.perSecond)),
        shortly(median(of.map((each) => each.p50))),
        shortly(median(of.map((each) => each.p99))),
        cpu.length === 0 ? '-' : median(cpu).toFixed(3),
      ]
    }),
  }
}
