import { registry } from '../../../src/jobs/index.ts'
import { readConfig } from '../../../src/shared/config.ts'
import { runWorker } from '../../../src/workers/worker.ts'
import { say } from '../../programs/say.ts'

// The worker process of media as it is, with the cleaning up that follows; it says when it is up.
await runWorker({ config: readConfig(), registry, queues: ['media', 'maintenance'] })
say('up')
