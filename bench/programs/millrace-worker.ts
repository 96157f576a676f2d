import { register } from '../../src/jobs/define.ts'
import { registry } from '../../src/jobs/index.ts'
import { readConfig } from '../../src/shared/config.ts'
import { runWorker } from '../../src/workers/worker.ts'
import { benchJobs } from '../job.ts'
import { countTo, say } from './say.ts'

// The real worker process, which knows a few jobs more.
const [concurrency = '50', jobs = '0'] = process.argv.slice(2)
const hangs = process.env['HANGS'] === '1'
const { doNothing, writeOne, mayHang } = benchJobs(countTo(Number(jobs)), { hangs })
await runWorker({
  config: readConfig(),
  registry: register([...registry.values(), doNothing, writeOne, mayHang]),
  queues: ['quick'],
  concurrency: Number(concurrency),
})
say('up')
