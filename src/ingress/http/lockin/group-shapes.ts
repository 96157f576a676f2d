import { z } from 'zod'
import { goalPeriods, groupStatuses, memberRoles, type Group } from '../../../domains/lockin/groups.ts'
import { line, missingOr } from '../../../shared/text.ts'
import { pageQuery } from './pages.ts'

/** A group as one of its members sees it. */
export const shownGroup = z
  .object({
    id: z.uuid(),
    owner_id: z.uuid(),
    name: z.string(),
    description: z.string().nullable(),
    start_at: z.iso.datetime(),
    end_at: z.iso.datetime(),
    timezone: z.string().meta({ description: 'An IANA zone.' }),
    period: z.enum(goalPeriods),
    period_target_minutes: z.int(),
    status: z.enum(groupStatuses),
    role: z.enum(memberRoles).meta({ description: "The caller's." }),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'LockinGroup' })

/** What people write in several lines; nothing but blanks is nothing. */
const description = z
  .string({ error: 'must be text or null' })
  .trim()
  .refine((text) => !/[^\P{Cc}\n\r\t]/u.test(text), 'must not contain control characters')
  .refine((text) => Array.from(text).length <= 2000, 'must have at most 2000 characters')
  .transform((text) => text || null)
  .nullable()
  .optional()
  .meta({ maxLength: 2000 })

/** An instant, kept to the millisecond. */
const instant = z.iso
  .datetime({ offset: true, error: missingOr('must be a time with an offset, such as 2026-11-21T18:00:00Z') })
  .transform((text) => new Date(text))
  .refine((at) => at.getUTCFullYear() >= 1970 && at.getUTCFullYear() <= 2999, 'must be in 1970 to 2999')

const MINUTES_OF_A_WEEK = 7 * 24 * 60

/** Nobody can do more in a period than there is time in a week. */
export const targetMinutes = z
  .int({ error: missingOr('must be a whole number of minutes') })
  .min(1, 'must be at least 1')
  .max(MINUTES_OF_A_WEEK, `must be at most ${MINUTES_OF_A_WEEK}`)

const timezone = line(100).meta({ description: 'An IANA zone, such as Europe/Berlin.' })

export const newGroup = z
  .strictObject({
    name: line(100),
    description,
    start_at: instant.optional().meta({ description: 'Now, when it is left out.' }),
    end_at: instant,
    timezone: timezone.optional().meta({ description: 'America/New_York, when it is left out.' }),
    period: z.enum(goalPeriods, { error: missingOr(`must be one of ${goalPeriods.join(', ')}`) }),
    period_target_minutes: targetMinutes,
  })
  .meta({ id: 'LockinNewGroup' })

export const groupChanges = z
  .strictObject({
    name: line(100).optional(),
    description,
    end_at: instant.optional(),
    timezone: timezone.optional(),
    period_target_minutes: targetMinutes.optional(),
  })
  .meta({ id: 'LockinGroupChanges', description: 'What is left out stays as it is.' })

/** Which of the caller's groups are wanted. */
export const groupPage = pageQuery(
  { status: z.enum(groupStatuses, { error: `must be one of ${groupStatuses.join(', ')}` }).optional() },
  { usually: 100, atMost: 200 },
)

export const tellGroup = (group: Group) => ({
  ...group,
  start_at: group.start_at.toISOString(),
  end_at: group.end_at.toISOString(),
  created_at: group.created_at.toISOString(),
  updated_at: group.updated_at.toISOString(),
})
