import { z } from 'zod'
import { ensureUser as ensure } from '../../domains/rundi/users.ts'
import { email, line, lineOrNull, missingOr, pictureUrlOrNull } from '../../shared/text.ts'
import { seconds } from '../../shared/time.ts'
import { commit, defineJob, done, patiently } from '../define.ts'

const provider = z
  .string({ error: missingOr('must be text') })
  .trim()
  .toLowerCase()
  .regex(/^[a-z0-9][a-z0-9._-]{0,49}$/, 'must be the short name of a provider, such as google')

/**
 * What NextAuth sends when somebody signs in; the lengths are those of the columns. Unknown fields are dropped, not
 * refused: a refusal would keep people from signing in, and nothing reads them.
 */
export const ensureUserBody = z.object({
  provider,
  provider_id: line(255),
  email,
  name: lineOrNull(255),
  avatar: pictureUrlOrNull,
})

const data = ensureUserBody.extend({
  /** Somebody we trust has proven that the address belongs to who signs in. The ingress decides, never the body. */
  vouched: z.boolean(),
})

/** Makes sure that whoever signs in is a user: found, linked or created. All of it is one transaction. */
export const ensureUser = defineJob({
  name: 'rundi.ensure-user',
  queue: 'quick',
  data,
  key: ({ provider, provider_id }) => `${provider} ${provider_id}`, // a provider's name has no blanks
  owner: ({ provider, provider_id }) =>
    provider === 'google' ? `rundi:${provider_id}` : `rundi:${provider}:${provider_id}`,
  again: 'afterSettled',
  retry: patiently,
  timeout: seconds(10),
  light: true,

  run: async ({ vouched, ...signIn }) => commit(async (tx) => done(await ensure(tx, signIn, { vouched }))),
})
