import { openAuthDb } from '../domains/anki/auth-db.ts'
import { openCollections } from '../domains/anki/collections.ts'
import { openSyncServerProfiles } from '../domains/anki/sync-server-profiles.ts'
import type { Config } from '../shared/config.ts'
import { openBucket } from '../shared/open-bucket.ts'
import type { Tools } from './define.ts'

/** The tools that last as long as the process; the runner adds what belongs to one attempt. */
export type LastingTools = Pick<
  Tools,
  'collections' | 'authDb' | 'syncServerProfiles' | 'iepBucket' | 'model'
>

/** Opens the tools of a process that runs jobs. Touches nothing yet: each connects when it is first used. */
export function openTools(config: Config): { tools: LastingTools; close(): Promise<void> } {
  const { collections, collectionsGid: gid, authDb, databaseUrl } = config.anki
  const iepBucket = config.iep.bucket === undefined ? undefined : openBucket(config.aws, config.iep.bucket)
  const syncServerProfiles = databaseUrl === undefined ? undefined : openSyncServerProfiles(databaseUrl)
  return {
    tools: {
      collections: openCollections({ base: collections, gid }),
      authDb: authDb === undefined ? undefined : openAuthDb({ file: authDb, gid }),
      syncServerProfiles,
      iepBucket,
      model: undefined,
    },
    close: async () => {
      iepBucket?.close()
      await syncServerProfiles?.close()
    },
  }
}
