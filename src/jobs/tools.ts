import { openAuthDb } from '../domains/anki/auth-db.ts'
import { openCollections } from '../domains/anki/collections.ts'
import { openSyncServerProfiles } from '../domains/anki/sync-server-profiles.ts'
import { createModel, type Model } from '../domains/iep/model.ts'
import { openTurns } from '../domains/iep/turns.ts'
import { openPreworkBuckets } from '../domains/prework/buckets.ts'
import { openPreworkStore } from '../domains/prework/store.ts'
import type { Config } from '../shared/config.ts'
import type { Database } from '../shared/database.ts'
import type { Log } from '../shared/log.ts'
import type { Metrics } from '../shared/metrics.ts'
import { openMistral } from '../shared/mistral.ts'
import { openBucket } from '../shared/open-bucket.ts'
import type { Tools } from './define.ts'

/** The tools that last as long as the process; the runner adds what belongs to one attempt. */
export type LastingTools = Pick<
  Tools,
  | 'collections'
  | 'authDb'
  | 'syncServerProfiles'
  | 'iepBucket'
  | 'lockinBucket'
  | 'prework'
  | 'preworkBuckets'
  | 'model'
>

/** What models need beside the configuration: whose turn it is, is known to Postgres. */
interface Surroundings {
  database: Database
  log: Log
  metrics: Metrics
}

/**
 * Opens the tools of a process that runs jobs. Touches nothing yet: each connects when it is first used.
 * @param around without it there are no models
 */
export function openTools(
  config: Config,
  around?: Surroundings,
): { tools: LastingTools; close(): Promise<void> } {
  const { collections, collectionsGid: gid, authDb, databaseUrl } = config.anki
  const [iepBucket, lockinBucket] = [config.iep.bucket, config.lockin.bucket].map((name) =>
    name === undefined ? undefined : openBucket(config.aws, name),
  )
  const { environment } = config.prework
  const prework = environment && openPreworkStore(config.aws, environment)
  const preworkBuckets = environment && openPreworkBuckets(config.aws, environment)
  const syncServerProfiles = databaseUrl === undefined ? undefined : openSyncServerProfiles(databaseUrl)
  const models = around && openModels(config, around)
  return {
    tools: {
      collections: openCollections({ base: collections, gid }),
      authDb: authDb === undefined ? undefined : openAuthDb({ file: authDb, gid }),
      syncServerProfiles,
      iepBucket,
      lockinBucket,
      prework,
      preworkBuckets: preworkBuckets?.buckets,
      model: models?.model,
    },
    close: async () => {
      await models?.close()
      iepBucket?.close()
      lockinBucket?.close()
      prework?.documents.close()
      preworkBuckets?.close()
      await syncServerProfiles?.close()
    },
  }
}

/** Undefined without a key. */
function openModels(
  { mistral }: Config,
  { database, log, metrics }: Surroundings,
): { model: Model; close(): Promise<void> } | undefined {
  const { apiKey, url } = mistral
  if (apiKey === undefined) return undefined
  const onThrottle = (provider: string): void => metrics.throttles.inc({ provider })
  const turns = openTurns({ database, log, onThrottle })
  const model = createModel({ database, mistral: openMistral({ apiKey, url }), turns, config: mistral, log })
  return { model, close: () => turns.close() }
}
