import autocannon, { type Request } from 'autocannon'
import { quantile } from '../numbers.ts'
import { knownSignIns, signIn, signUp } from '../people.ts'
import { say } from './say.ts'

/** What is asked of the load: requests of one kind, as fast as the answers come, over so many connections. */
export interface LoadOrder {
  url: string
  kind: 'sign-ups' | 'sign-ins' | 'known sign-ins' | 'reads'
  paths: string[]
  headers: Record<string, string>
  connections: number
  seconds: number
  /** The only status that counts as an answer. */
  expect: number
}

/** What came of it. Times are milliseconds. */
export interface LoadResult {
  perSecond: number
  p50: number
  p99: number
  answers: number
  /** Answers of any other kind, by status or kind of error. */
  others: Record<string, number>
}

process.on('message', (order: LoadOrder) => void carryOut(order))
say('up')

async function carryOut(order: LoadOrder): Promise<void> {
  const times: number[] = []
  const others: Record<string, number> = {}
  const began = performance.now()
  const run = autocannon({
    url: order.url,
    connections: order.connections,
    duration: order.seconds,
    requests: requestsOf(order),
  })
  let last = began
  run.on('response', (_client: unknown, status: number | string, _bytes: number, ms: number) => {
    last = performance.now()
    if (Number(status) === order.expect) times.push(ms)
    else others[String(status)] = (others[String(status)] ?? 0) + 1
  })
  const result = await run
  if (result.errors > 0) others['errors'] = result.errors
  if (result.timeouts > 0) others['timeouts'] = result.timeouts
  const loaded: LoadResult = {
    perSecond: times.length / ((last - began) / 1000),
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    answers: times.length,
    others,
  }
  say('loaded', loaded)
}

function requestsOf({ kind, paths, headers }: LoadOrder): Request[] {
  if (kind === 'reads') return paths.map((path) => ({ method: 'GET', path, headers }))
  const json = { ...headers, 'content-type': 'application/json' }
  let turn = 0
  const known = () => knownSignIns[(turn += 1) % knownSignIns.length]
  const body = { 'sign-ups': signUp, 'sign-ins': () => signIn(), 'known sign-ins': known }[kind]
  return paths.map((path) => ({
    method: 'POST',
    path,
    headers: json,
    setupRequest: (request) => ({ ...request, body: JSON.stringify(body()) }),
  }))
}
