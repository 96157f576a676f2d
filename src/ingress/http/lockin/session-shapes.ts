import { z } from 'zod'
import { statuses } from '../../../domains/lockin/sessions.ts'
import { missing } from '../../../shared/text.ts'

export const instant = z.iso.datetime({ offset: true })

/** A time somebody gives, within what Postgres and JavaScript both can write; finer than milliseconds is cut off. */
export const givenTime = z.iso
  .datetime({
    offset: true,
    error: ({ input }) =>
      input === undefined ? missing : 'must be a time with its offset, as in 2026-11-21T19:00:00Z',
  })
  .transform((text) => new Date(text))
  .refine((time) => time.getUTCFullYear() >= 1 && time.getUTCFullYear() <= 9999, 'is out of range')

export const uuid = z.guid({ error: 'must be a UUID' }).toLowerCase()

export const session = z
  .object({
    id: z.uuid(),
    group_id: z.uuid().nullable(),
    creator_id: z.uuid(),
    status: z.enum(statuses),
    started_at: instant.nullable(),
    ended_at: instant.nullable(),
    created_at: instant,
  })
  .meta({ id: 'LockinSession' })

export const participant = z
  .object({
    id: z.uuid(),
    session_id: z.uuid(),
    user_id: z.uuid(),
    display_name: z.string().nullable(),
    avatar_url: z.string().nullable(),
    role: z.enum(['host', 'participant']),
    joined_at: instant,
    left_at: instant.nullable(),
    running_since: instant.nullable(),
  })
  .meta({ id: 'LockinParticipant' })

export const ofSession = z.object({ id: uuid })
