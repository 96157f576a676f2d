import { z } from 'zod'
import { unreadable, type Path, type Read } from './event.ts'
import { issueOf, object, text } from './shape.ts'

/**
 * The event of a Cognito Lambda trigger. Only a confirmed sign-up means anything here; a confirmed new password and
 * the triggers of other moments do not.
 * Source: Amazon Cognito Developer Guide, "Customizing user pool workflows with Lambda triggers".
 */
export function readTrigger(document: Record<string, unknown>, at: Path): Read {
  if (typeof document.triggerSource !== 'string') return unreadable([...at, 'triggerSource'], 'is not text')
  if (document.triggerSource !== 'PostConfirmation_ConfirmSignUp')
    return { nothing: 'a Cognito trigger nothing follows from' }
  const parsed = confirmedSignUp.safeParse(document)
  if (!parsed.success) return unreadable(...issueOf(parsed.error, at))

  const { userPoolId, userName, request } = parsed.data
  const { sub, email, email_verified: verified, ...attributes } = request.userAttributes
  const preferred = attributes.preferred_username?.trim()
  return {
    events: [
      {
        kind: 'cognito.user-confirmed',
        pool: userPoolId,
        sub,
        userName,
        email,
        ...(preferred ? { preferredUsername: preferred } : {}),
        ...(verified === undefined ? {} : { emailVerified: String(verified) === 'true' }),
      },
    ],
  }
}

/** Cognito writes every attribute as text, booleans too; those that forward its events may not. */
const confirmedSignUp = object({
  userPoolId: text,
  userName: text,
  request: object({
    userAttributes: object({
      sub: text,
      email: text,
      email_verified: z.union([z.string(), z.boolean()], 'is neither text nor a boolean').optional(),
      preferred_username: z.string('is not text').optional(),
    }),
  }),
})
