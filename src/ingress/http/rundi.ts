import { z } from 'zod'
import { findUnchanged } from '../../domains/rundi/users.ts'
import { ask } from '../../jobs/define.ts'
import { ensureUser, ensureUserBody } from '../../jobs/rundi/ensure-user.ts'
import { seconds } from '../../shared/time.ts'
import type { Caller } from '../who.ts'
import type { App, HttpParts } from './app.ts'
import type { Asked } from './asking/idempotency.ts'
import { forbidden } from './answers/problems.ts'

const user = z
  .object({
    id: z.string().meta({ format: 'uuid' }),
    email: z.string(),
    name: z.string().nullable(),
    avatar: z.string().nullable(),
    provider: z.string(),
    provider_id: z.string(),
    created_at: z.string().meta({ format: 'date-time' }),
    updated_at: z.string().meta({ format: 'date-time' }),
  })
  .meta({ id: 'RundiUser' })

/** A sign-in waits for its user; longer than this nobody does. */
const SIGN_IN_PATIENCE = seconds(10)

/** What NextAuth calls when somebody signs in to Rundi. */
export function rundiRoutes(app: App, { config, asking, askFor }: HttpParts): void {
  app.post(
    '/auth/ensure-user',
    {
      schema: {
        tags: ['rundi'],
        summary: 'Makes sure that whoever signs in is a user',
        description:
          '200 for a user who was there, 201 for a new one; never 202, since a sign-in cannot go on without its user.',
        body: ensureUserBody,
        response: { 200: user, 201: user },
      },
    },
    async (request, reply) => {
      const signIn = request.body
      const vouched = vouchesFor(request.callers[0], signIn, config.rundi.trustedProviders)
      // A request that may be a repetition is first compared with the one it repeats.
      const mayRepeat = request.headers['idempotency-key'] !== undefined
      const unchanged = !mayRepeat && (await findUnchanged(asking.database.sql, signIn, { vouched }))
      if (unchanged) return unchanged
      // Asked while the same person's other sign-in runs: then once more, since this one may bring another name.
      return askFor(request, reply, ask(ensureUser, { ...signIn, vouched }, { again: 'rerunIfActive' }), {
        waitMs: SIGN_IN_PATIENCE,
        answer,
        refusals: { 'email-in-use': 409 },
        otherwise: 'unavailable',
      })
    },
  )
}

type SignIn = z.output<typeof ensureUserBody>

/**
 * Whether the caller proves that the address belongs to who signs in: a token with a verified address, or a server
 * key whose word is taken for this provider.
 * @throws HttpProblem 403 when a token is not the one of this sign-in.
 */
function vouchesFor(caller: Caller | undefined, signIn: SignIn, trustedProviders: string[]): boolean {
  if (caller?.kind !== 'user') return trustedProviders.includes(signIn.provider)
  const sameEmail = caller.email?.toLowerCase() === signIn.email.toLowerCase()
  if (signIn.provider !== 'google' || caller.subject !== signIn.provider_id || !sameEmail)
    throw forbidden('The token is not the one of this sign-in.')
  return caller.emailVerified
}

/** Created by this very request, or found as another one made it. */
function answer(result: unknown, asked: Asked): { status: number; body: unknown } {
  const { user, created } = result as { user: unknown; created: boolean }
  const byUs = asked.decision === 'entered' || asked.decision === 'reopened'
  return { status: created && byUs ? 201 : 200, body: user }
}
