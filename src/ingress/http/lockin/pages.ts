import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { missing, missingOr } from '../../../shared/text.ts'

/** As a time is told: in UTC, to the millisecond. */
export const instant = z.iso.datetime({ offset: true })

/** A time somebody gives, within what Postgres and JavaScript both can write; finer than milliseconds is cut off. */
export const givenTime = z.iso
  .datetime({
    offset: true,
    error: missingOr('must be a time with its offset, as in 2026-11-21T19:00:00Z'),
  })
  .transform((text) => new Date(text))
  .refine((time) => time.getUTCFullYear() >= 1 && time.getUTCFullYear() <= 9999, 'is out of range')

export const uuid = z.guid({ error: 'must be a UUID' }).toLowerCase()

/** Where a page begins: after the last of the one before. */
export interface Cursor {
  createdAt: Date
  id: string
}

/** How many entries a page has. */
export const pageLimit = ({ usually, atMost }: { usually: number; atMost: number }) =>
  z.coerce
    .number({ error: 'must be a whole number' })
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .max(atMost, `must be at most ${atMost}`)
    .default(usually)

/** The query of a list that is read page by page, newest first, with what else it asks for. */
export const pageQuery = <Shape extends z.ZodRawShape>(
  filters: Shape,
  limits: { usually: number; atMost: number },
) =>
  z
    .strictObject({
      ...filters,
      cursor_created_at: givenTime.optional(),
      cursor_id: uuid.optional(),
      limit: pageLimit(limits),
    })
    .superRefine((given, { addIssue }) => {
      const cursor = ['cursor_created_at', 'cursor_id'] as const
      const left = cursor.filter((field) => (given as Partial<Record<string, unknown>>)[field] === undefined)
      if (left.length === 1) addIssue({ code: 'custom', message: missing, path: left })
    })

/** What the document says of every such list. */
export const aboutPages =
  'The next page begins after the last entry of this one: its `created_at` and `id` are the cursor, and the Link header ' +
  'has the whole address while there is more. What comes in the meantime moves nothing.'

interface Asked {
  cursor_created_at?: Date | undefined
  cursor_id?: string | undefined
  limit: number
}

/**
 * One page of a list, and the address of the next one in the Link header while there is more.
 * @param find gives at most so many after the cursor
 */
export async function pageOf<Entry extends { id: string; created_at: Date | string }>(
  request: FastifyRequest,
  reply: FastifyReply,
  asked: Asked,
  find: (after: Cursor | undefined, limit: number) => Promise<Entry[]>,
): Promise<Entry[]> {
  const { cursor_created_at: createdAt, cursor_id: id, limit } = asked
  const after = createdAt && id !== undefined ? { createdAt, id } : undefined
  // One more than is shown tells whether there is another page.
  const found = await find(after, limit + 1)
  const shown = found.slice(0, limit)
  const last = shown.at(-1)
  if (last && found.length > limit) {
    const next = new URL(request.url, 'http://any')
    next.searchParams.set('cursor_created_at', new Date(last.created_at).toISOString())
    next.searchParams.set('cursor_id', last.id)
    next.searchParams.set('limit', String(limit))
    void reply.header('link', `<${next.pathname}${next.search}>; rel="next"`)
  }
  return shown
}
