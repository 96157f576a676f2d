import { z } from 'zod'
import { missingOr } from '../../../shared/text.ts'

/** An id in a body or a query. */
export const id = z.guid({ error: missingOr('must be a UUID') }).toLowerCase()

export const version = z
  .int({ error: 'must be a whole number' })
  .min(1, 'must be at least 1')
  .optional()
  .meta({ description: 'Changes this version and no other; left out, whatever is there.' })

/** The same in a query, where a number is text. */
export const versionAsked = z.coerce
  .number({ error: 'must be a whole number' })
  .int('must be a whole number')
  .min(1, 'must be at least 1')
  .optional()
  .meta({ description: 'This version is meant and no other; left out, whatever is there.' })

/** What people write in several lines, trimmed and at most `max` characters; nothing but blanks means null. */
export const linesOrNull = (max: number) =>
  z
    .string({ error: missingOr('must be text or null') })
    .trim()
    .refine(isWritten, 'must not contain control characters')
    .refine((text) => Array.from(text).length <= max, `must have at most ${max} characters`)
    .transform((text) => text || null)
    .nullable()
    .optional()
    .meta({ maxLength: max })

/** Whether there is nothing in it but what people write: lines may end and words be set apart. */
export const isWritten = (text: string): boolean => text.isWellFormed() && !/[^\P{Cc}\n\r\t]/u.test(text)

/** What every item tells of itself. */
export const shownRevision = {
  version: z.int().meta({ description: 'One more with every change.' }),
  createdAt: z.iso.datetime(),
  createdBy: z.string().meta({ description: 'The id of a user, or `server`.' }),
  updatedAt: z.iso.datetime(),
  updatedBy: z.string().meta({ description: 'The id of a user, or `server`.' }),
}

/** The path of one thing. An id that is none is as one that nobody has. */
export const ofId = z.object({ id: z.guid().toLowerCase() })
