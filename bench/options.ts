import { parseArgs } from 'node:util'
import { Plain } from '../local/launch/plain.ts'

export const partNames = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'] as const
export type PartName = (typeof partNames)[number]

export interface Options {
  parts: PartName[]
  rounds: number
  /** Small numbers, for trying the bench itself. */
  quick: boolean
  json: boolean
  /** A missed mark is an error. */
  strict: boolean
  logLevel: string
  /** Where processes leave CPU profiles. */
  profile: string | undefined
  /** Whether this contestant takes part; all do unless some are named. */
  wants(contestant: string): boolean
}

export const usage = `npm run bench -- [options]

  --only a,b        only these parts: a enqueue over HTTP, b drain, c latency, d status polls,
                    e ensure-user, f recovery after a crash, g documents, h groups of LockIN,
                    i pictures and lists of Pre-Work
  --rounds N        rounds of every comparison (3)
  --quick           small numbers, for trying
  --json            the report as JSON instead of tables
  --strict          exit with 1 when a mark is missed
  --against a,b     only these contestants: millrace, bullmq, pg-boss, graphile-worker, plain
  --log-level L     what the processes of the product log (info)
  --profile DIR     every process leaves a CPU profile there; slows everything down`

/** Throws `Plain` with the usage for what it does not understand. */
export function readOptions(args: string[]): Options | 'help' {
  const { values } = parse(args)
  if (values.help) return 'help'
  const parts = list(values.only) ?? [...partNames]
  const unknown = parts.filter((part) => !partNames.includes(part as PartName))
  if (unknown.length > 0) throw new Plain(`there is no part ${unknown.join(', ')}\n\n${usage}`)
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3))
  if (!Number.isInteger(rounds) || rounds < 1) throw new Plain(`--rounds wants a number\n\n${usage}`)
  const against = list(values.against)
  return {
    parts: parts as PartName[],
    rounds,
    quick: values.quick,
    json: values.json,
    strict: values.strict,
    logLevel: values['log-level'],
    profile: values.profile,
    // A contestant's ways of working stand behind a comma.
    wants: (contestant) => against?.includes(contestant.replace(/,.*/, '')) ?? true,
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        only: { type: 'string' },
        rounds: { type: 'string' },
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        strict: { type: 'boolean', default: false },
        against: { type: 'string' },
        'log-level': { type: 'string', default: 'info' },
        profile: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    throw new Plain(`${(error as Error).message}\n\n${usage}`, { cause: error })
  }
}

const list = (text: string | undefined): string[] | undefined =>
  text
    ?.split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
