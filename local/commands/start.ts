import { ConfigError, readConfig } from '../../src/shared/config.ts'
import { leavesWithin } from '../../src/shared/lifecycle.ts'
import { Plain } from '../launch/plain.ts'
import { aborted, Asked, listenForEnd } from '../stack/end.ts'
import { inherited } from '../stack/environment.ts'
import { createRenderer } from '../stack/output.ts'
import { readProcfile, type ProcfileLine } from '../stack/procfile.ts'
import { supervise } from '../stack/supervise.ts'
import { understand } from './arguments.ts'
import { refuseTakenPorts } from './start-ports.ts'

const usage = `usage: npm start [-- --json]
Runs the processes of the Procfile against what the environment names: DATABASE_URL, REDIS_URL and so on.
  --json  the processes' own lines even in a terminal
PORT is the port of web. HEALTH_PORT, if given, is the port of the next process's health, one more for each after.`

/** How many early deaths in a row are too many. */
const DEATHS = 5

/** The processes alone, until a signal or until one of them can't be kept alive. */
export async function run(args: string[]): Promise<number> {
  const understood = understand(args, { usage, options: { json: { type: 'boolean', default: false } } })
  if ('exit' in understood) return understood.exit
  refuseIncomplete(process.env)

  const lines = readProcfile()
  await refuseTakenPorts(process.env, lines.filter(({ name }) => name !== 'web').length)

  using end = listenForEnd()
  const render = createRenderer(lines.map(({ name }) => name))
  const raw = understood.values.json || !process.stdout.isTTY
  const env = inherited(process.env)
  const supervisor = supervise({
    lines,
    envOf: (name) => ({ ...env, ...healthPort(name, lines, env) }),
    hear: (name, line) => console.log(raw ? line : render(name, line)),
    say: console.error,
    onChange: () => undefined,
    deaths: DEATHS,
    onHopeless: end.because,
    patience: leavesWithin(Number(env['SHUTDOWN_GRACE_SECONDS'] || 20) * 1000) / 1000 + 1,
  })
  await aborted(end.signal)

  const reason: unknown = end.signal.reason
  if (reason instanceof Plain) console.error(reason.message)
  await supervisor.stop(end.hurry)
  return reason instanceof Asked && !end.uncaught() ? 0 : 1
}

/** Says all that is missing at once, rather than one process after the other. */
function refuseIncomplete(env: NodeJS.ProcessEnv): void {
  const faults: string[] = []
  try {
    readConfig(env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    faults.push(...error.faults)
  }
  if (!env['OPERATORS'])
    faults.push('OPERATORS is missing: name:role:password of those who may see the console')
  if (!env['EVENTS_QUEUE_URL']) faults.push('EVENTS_QUEUE_URL is missing: the SQS queue events come from')
  if (faults.length === 0) return
  const all = faults.map((fault) => `  ${fault}`).join('\n')
  throw new Plain(`the environment is not complete (npm run dev brings its own):\n${all}`)
}

function healthPort(
  name: string,
  lines: ProcfileLine[],
  { HEALTH_PORT: first }: NodeJS.ProcessEnv,
): Record<string, string> {
  if (name === 'web' || !first || first === '0') return {}
  const index = lines.filter((line) => line.name !== 'web').findIndex((line) => line.name === name)
  return { HEALTH_PORT: String(Number(first) + index) }
}
