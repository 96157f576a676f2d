import { openAsking, type Asking } from '../src/jobs/open.ts'
import { readConfig } from '../src/shared/config.ts'
import type { Lifecycle } from '../src/shared/lifecycle.ts'
import { createLog } from '../src/shared/log.ts'
import { createMetrics, type Metrics } from '../src/shared/metrics.ts'

/** The asking half of the core in a process of the bench; signals are the bench's own business. */
export interface BenchAsking extends Asking, AsyncDisposable {
  metrics: Metrics
}

// One for all: each log listens for the end of the process.
const log = createLog({ level: 'warn', process: 'bench' })

export function openBenchAsking(env: Record<string, string>): BenchAsking {
  const config = readConfig(env)
  const metrics = createMetrics()
  const closers: (() => Promise<void> | void)[] = []
  const lifecycle: Lifecycle = {
    stopping: new AbortController().signal,
    onStop: (_name, close) => closers.push(close),
    stop: () => Promise.resolve(),
  }
  return {
    ...openAsking({ config, log, metrics, lifecycle, process: 'bench' }),
    metrics,
    [Symbol.asyncDispose]: async () => {
      for (const close of closers.toReversed()) await close()
    },
  }
}
