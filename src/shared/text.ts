import { z } from 'zod'

/** What a body's message says about a field that is not there at all. */
export const missing = 'is missing'

/**
 * One line of text, as people write names: trimmed, 1 to `max` characters (counted as Postgres and JSON Schema count
 * them, not in UTF-16 halves), without control characters, NUL or lone surrogates.
 */
export const line = (max: number) =>
  z
    .string({ error: missingOr('must be text') })
    .trim()
    .refine(isPlain, 'must not contain control characters or broken characters')
    .refine((text) => text !== '', { error: 'must not be blank', when: isSound })
    .refine((text) => lengthOf(text) <= max, { error: `must have at most ${max} characters`, when: isSound })
    .meta({ minLength: 1, maxLength: max })

/** As `line`, for what may be left out or empty: nothing but blanks means null, as null itself does. */
export const lineOrNull = (max: number) =>
  z.preprocess(blankToNull, line(max).meta({ minLength: 0, maxLength: max }).nullable()).optional()

/** An e-mail address of at most 255 characters, trimmed, otherwise as it was given. Compare it without regard to case. */
export const email = line(255)
  .refine((text) => address.test(text), { error: 'is not an e-mail address', when: isSound })
  .meta({ format: 'email', minLength: 1, maxLength: 255 })

/** A web address that may be shown as a picture: http or https, at most 2,048 characters; blank means null. */
export const pictureUrlOrNull = z
  .preprocess(
    blankToNull,
    line(2048).refine(isWebAddress, { error: 'is not a web address', when: isSound }).nullable(),
  )
  .optional()

/** An address as logs may show it: enough to recognise one's own, too little to write to it. */
export function maskedEmail(address: string): string {
  const at = address.lastIndexOf('@')
  const [first = ''] = address
  return at < 1 ? '…' : `${first}…${address.slice(at)}`
}

/** The message of a field of the wrong type; a field that is not there has its own. */
export function missingOr(otherwise: string): (issue: { input?: unknown }) => string {
  return ({ input }) => (input === undefined ? missing : otherwise)
}

/** Later checks are only of interest when the earlier ones passed: one sentence per field is enough. */
function isSound(payload: z.core.ParsePayload): boolean {
  return payload.issues.length === 0
}

function isPlain(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text)
}

function lengthOf(text: string): number {
  return Array.from(text).length
}

function blankToNull(value: unknown): unknown {
  return typeof value === 'string' && value.trim() === '' ? null : value
}

function isWebAddress(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:')
}

/**
 * Letters of any script are welcome on both sides of the @; the domain has at least two labels. Refused are quoted
 * local parts, comments and address literals, which no sign-up form means.
 */
const label = '[\\p{L}\\p{N}](?:[\\p{L}\\p{N}\\p{M}-]{0,61}[\\p{L}\\p{N}\\p{M}])?'
const address = new RegExp(
  `^(?!\\.)(?!.*\\.\\.)[^\\s@"(),:;<>[\\]\\\\]{1,64}(?<!\\.)@(?:${label}\\.)+${label}$`,
  'u',
)
