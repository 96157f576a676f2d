import { z } from 'zod'
import { statuses } from '../../../domains/lockin/sessions.ts'
import { instant, uuid } from './pages.ts'

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
