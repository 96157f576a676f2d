import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { gatherFacts, type Facts } from './facts.ts'
import { judge, type Mark, type Samples } from './marks.ts'
import { partNames, type Options, type PartName } from './options.ts'
import { documents } from './parts/documents.ts'
import { drain } from './parts/drain.ts'
import { enqueue } from './parts/enqueue.ts'
import { ensureUser } from './parts/ensure-user.ts'
import { groups } from './parts/groups.ts'
import { latency } from './parts/latency.ts'
import { polls } from './parts/polls.ts'
import { prework } from './parts/prework.ts'
import { recovery } from './parts/recovery.ts'
import { somebody } from './people.ts'
import type { Setting } from './setting.ts'
import { openStack } from './stack.ts'
import type { Table } from './tables.ts'

/** What one run came to. */
export interface Report {
  facts: Facts
  quick: boolean
  rounds: number
  marks: Mark[]
  tables: Table[]
  samples: Samples
  /** Parts that came to nothing, and why. */
  failures: { part: PartName; error: string }[]
}

const parts: Record<PartName, (setting: Setting) => Promise<{ tables: Table[]; samples: unknown[] }>> = {
  a: enqueue,
  b: drain,
  c: latency,
  d: polls,
  e: ensureUser,
  f: recovery,
  g: documents,
  h: groups,
  i: prework,
}

const root = path.resolve(import.meta.dirname, '..')

/** Where a report goes. A quick look, or one at a few parts, does not replace what a whole run found. */
export function reportFileOf({ quick, parts }: Pick<Options, 'quick' | 'parts'>): string {
  const whole = !quick && parts.length === partNames.length
  return path.join(root, whole ? 'reports' : '.local', 'bench.json')
}

/**
 * Measures the parts asked for on a private stack and writes the report. Everything it started has ended when it
 * returns, also when the signal is aborted: then it throws the signal's reason.
 */
export async function bench(
  options: Options,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Report> {
  await using stack = await openStack({ say, logLevel: options.logLevel, profile: options.profile })
  const facts = gatherFacts(stack, somebody())
  const tables: Table[] = []
  const samples: Samples = {}
  const failures: Report['failures'] = []
  for (const name of options.parts) {
    try {
      const measured = await orAborted(parts[name]({ stack, options, say }), signal)
      tables.push(...measured.tables)
      samples[name] = measured.samples
    } catch (error) {
      // What the other parts found is still worth having.
      signal.throwIfAborted()
      say(`part ${name} failed: ${(error as Error).message}`)
      failures.push({ part: name, error: (error as Error).message })
      await stack.endPrograms()
    }
  }
  const report = {
    facts,
    quick: options.quick,
    rounds: options.rounds,
    marks: judge(samples),
    tables,
    samples,
    failures,
  }
  const file = reportFileOf(options)
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`)
  return report
}

/** What is under way is not waited for: it ends when the processes under it are gone. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = (): void => reject(signal.reason as Error)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
