import { z } from 'zod'
import { defineJob, done, register } from '../../src/jobs/define.ts'
import { registry } from '../../src/jobs/index.ts'
import { readConfig } from '../../src/shared/config.ts'
import { seconds, sleep } from '../../src/shared/time.ts'
import { runWorker } from '../../src/workers/worker.ts'
import { exists, testJobs } from '../support/jobs.ts'

/** Takes long, and listens: until there is a file `go` in the directory. */
export const clearUpSlowly = defineJob({
  name: 'millrace.clear-up-slowly',
  queue: 'maintenance',
  data: z.strictObject({ key: z.string(), directory: z.string() }),
  key: ({ key }) => key,
  again: 'never',
  retry: { attempts: 3, delay: () => 1 },
  timeout: seconds(100),
  async run({ directory }, { signal }) {
    while (!(await exists(`${directory}/go`))) {
      signal.throwIfAborted()
      await sleep(20)
    }
    return done({})
  },
})

// The worker of the Procfile, with the jobs of the tests and less patience.
if (import.meta.main)
  await runWorker({
    config: readConfig(),
    registry: register([...registry.values(), ...testJobs, clearUpSlowly]),
    queues: ['quick', 'maintenance'],
    patience: seconds(2),
  })
