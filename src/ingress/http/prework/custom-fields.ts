import { z } from 'zod'
import { isWritten } from './fields.ts'

const MOST = 50
const LONGEST_NAME = 50
const LONGEST_TEXT = 500

const text = z
  .string()
  .refine(isWritten, 'must not contain control characters')
  .refine((value) => Array.from(value).length <= LONGEST_TEXT, `must have at most ${LONGEST_TEXT} characters`)
  .meta({ maxLength: LONGEST_TEXT })

/** What can be kept exactly; a zero has no sign. */
const number = z
  .number()
  .min(Number.MIN_SAFE_INTEGER, 'is too small a number')
  .max(Number.MAX_SAFE_INTEGER, 'is too large a number')
  .refine((value) => value === 0 || Math.abs(value) >= 1e-130, 'is too close to zero')
  .overwrite((value) => value + 0)

const value = z.union([text, number, z.boolean()], { error: 'must be text, a number, true or false' })

/** What an app wants to keep with a submission: values by name, and nothing within values. */
export const customFields = z
  .record(z.string(), value, { error: 'must be an object' })
  .superRefine((fields, { addIssue }) => {
    const names = Object.keys(fields)
    if (names.length > MOST) addIssue({ code: 'custom', message: `must have at most ${MOST} fields` })
    if (!names.every(isName)) addIssue({ code: 'custom', message: WHAT_A_NAME_IS })
  })
  .meta({ description: `At most ${MOST}; names of 1 to ${LONGEST_NAME} characters.` })

const WHAT_A_NAME_IS =
  `names must have 1 to ${LONGEST_NAME} characters, no control characters and no blanks around them, ` +
  'and not be one that every object has'

/** A name that every object has, such as `constructor`, would hide what the object itself is. */
function isName(name: string): boolean {
  const length = Array.from(name).length
  const isPlain = name.trim() === name && name.isWellFormed() && !/\p{Cc}/u.test(name)
  return isPlain && length >= 1 && length <= LONGEST_NAME && !(name in Object.prototype)
}
