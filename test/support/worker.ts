import { queueNames, register } from '../../src/jobs/define.ts'
import { registry } from '../../src/jobs/index.ts'
import { readConfig } from '../../src/shared/config.ts'
import { runWorker } from '../../src/workers/worker.ts'
import { testJobs } from './jobs.ts'

// A real worker process that also knows the jobs of the tests.
const patience = process.env['TEST_PATIENCE']
await runWorker({
  config: readConfig(),
  registry: register([...registry.values(), ...testJobs]),
  queues: [...queueNames],
  ...(patience ? { patience: Number(patience) } : {}),
})
