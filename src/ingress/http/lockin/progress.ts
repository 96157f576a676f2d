import { z } from 'zod'
import { currentProgress, type MemberProgress } from '../../../domains/lockin/progress.ts'
import type { App, HttpParts } from '../app.ts'
import { profileOf } from './caller.ts'

const memberProgress = z
  .object({
    user_id: z.uuid(),
    seconds_done: z.int().meta({ description: 'What was logged within the period.' }),
    target_minutes: z.int().meta({ description: "The member's own target, or else the group's." }),
    goal_met: z.boolean(),
    period_start: z.iso.datetime(),
    period_end: z.iso
      .datetime()
      .meta({ description: 'The first moment that does not belong to it any more.' }),
  })
  .meta({ id: 'LockinMemberProgress' })

/** The race: how far each member of a group is. */
export function progressRoutes(app: App, { asking }: HttpParts): void {
  const { sql } = asking.database

  app.get(
    '/api/groups/:id/progress/current',
    {
      schema: {
        tags: ['lockin'],
        summary: 'How far the members of a group are, the furthest first',
        description:
          "The current day or week in the group's time zone, clamped by its start and end: the first period before it " +
          'begins, the last one once it is over.',
        params: z.object({ id: z.uuid() }),
        response: { 200: z.array(memberProgress) },
      },
    },
    async (request) => {
      const rows = await currentProgress(sql, request.params.id, await profileOf(request, sql))
      return rows.map(shown)
    },
  )
}

const shown = ({ period_start, period_end, ...row }: MemberProgress): z.output<typeof memberProgress> => ({
  ...row,
  period_start: period_start.toISOString(),
  period_end: period_end.toISOString(),
})
