import { z } from 'zod'
import { ensureProfile, holdUser, profileExists } from '../../domains/anki/profiles.ts'
import { cognitoUserId } from '../../domains/anki/user-id.ts'
import { email, line, maskedEmail } from '../../shared/text.ts'
import { seconds } from '../../shared/time.ts'
import { commit, defineJob, done, patiently, type Uses } from '../define.ts'

/** What the web app sends when somebody has signed up. Unknown fields are refused. */
export const initiateUserBody = z.strictObject({ cognito_user_id: cognitoUserId, username: line(255), email })

const data = initiateUserBody.extend({
  /**
   * An existing profile keeps its name. For askers that only heard of the user, such as an event, which may come
   * late: the user may have changed the name since. They should also ask with `again: 'never'`, so that they don't
   * replace what the user asked for.
   */
  keepName: z.boolean().default(false),
})

type Stores = 'collections' | 'authDb' | 'syncServerProfiles'

/**
 * Gives a new user somewhere to sync: a row in anki.user_profiles and a collection directory. Both, or neither: a
 * failing attempt takes its row back by itself, and the directory goes once the job has failed for good, since a
 * commit whose answer was lost may have happened.
 */
export const initiateUser = defineJob({
  name: 'anki.initiate-user',
  queue: 'quick',
  data,
  key: ({ cognito_user_id }) => cognito_user_id,
  owner: ({ cognito_user_id }) => `anki:${cognito_user_id}`,
  again: 'whenChanged', // another name renames
  asides: ['keepName'],
  retry: patiently,
  timeout: seconds(20),
  light: true,

  async run({ cognito_user_id: uuid, username, email, keepName }, { log, ...stores }: Uses<'log' | Stores>) {
    log.info({ address: maskedEmail(email) }, 'initiating a user')
    return commit(async (tx) => {
      await holdUser(tx, uuid)
      await ensureProfile(tx, { uuid, username }, { keepName })
      await stores.authDb?.ensure(uuid)
      await stores.collections.ensure(uuid)
      await stores.syncServerProfiles?.ensure({ uuid, username }, { keepName })
      return done({ profile: true, collection: true, ready: true })
    })
  },

  // Asks Postgres whether the user exists; only the debris of a user who does not is taken away.
  async undo(
    { cognito_user_id: uuid },
    { sql, collections, authDb }: Uses<'sql' | 'collections' | 'authDb'>,
  ) {
    await sql.transaction().execute(async (tx) => {
      await holdUser(tx, uuid)
      if (await profileExists(tx, uuid)) return
      await collections.discardIfEmpty(uuid)
      await authDb?.discardIfPlaceholder(uuid)
    })
  },
})
