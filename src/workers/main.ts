import { queueNames, type QueueName } from '../jobs/define.ts'
import { registry } from '../jobs/index.ts'
import { readConfig } from '../shared/config.ts'
import { orEnd } from '../shared/or-end.ts'
import { runWorker } from './worker.ts'

/** `node src/workers/main.ts quick maintenance`: a worker for these queues; without names, for all. */
const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !queueNames.includes(name as QueueName))
const faults =
  unknown.length > 0
    ? [`There is no queue called ${unknown.join(', ')}; there are ${queueNames.join(', ')}.`]
    : []

await runWorker({
  config: orEnd(() => readConfig(), faults),
  registry,
  queues: asked.length > 0 ? (asked as QueueName[]) : [...queueNames],
})
