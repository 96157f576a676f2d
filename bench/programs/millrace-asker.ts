import { ask } from '../../src/jobs/define.ts'
import type { Seen } from '../../src/jobs/ledger/read.ts'
import { startWatch } from '../../src/jobs/watch.ts'
import { createLog } from '../../src/shared/log.ts'
import { openBlockingRedis } from '../../src/shared/redis.ts'
import { seconds } from '../../src/shared/time.ts'
import { openBenchAsking } from '../asking.ts'
import { somebody } from '../people.ts'
import { benchJobs } from '../job.ts'
import { serveArrivals } from './arrivals.ts'
import { given, onEnd } from './say.ts'

// Asks for jobs and waits for their results, as the web process does for a request that waits.
const asking = openBenchAsking(process.env as Record<string, string>)
const log = createLog({ level: 'warn', process: 'bench asker' })
const subscriber = openBlockingRedis(given('REDIS_URL'), log)
const watch = await startWatch({ run: asking.database.run, subscriber, log })
const { doNothing } = benchJobs()

onEnd(async () => {
  await watch.close()
  await asking[Symbol.asyncDispose]()
})
serveArrivals(async () => {
  const entered = await asking.accept.now(ask(doNothing, somebody()), 'bench')
  const isOver = ({ state }: Seen): boolean => state === 'completed'
  const row = await watch.until(entered.id, isOver, seconds(60), { known: 'waiting' })
  if (row?.state !== 'completed') throw new Error(`A job was ${row?.state} after a minute.`)
})
