import { hash } from 'node:crypto'
import { z } from 'zod'
import type { Page, PageAsked } from '../../../domains/prework/store.ts'
import { HttpProblem } from '../answers/problems.ts'

/** What every list may be asked with. */
export const pageFields = {
  limit: z.coerce
    .number({ error: 'must be a whole number' })
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .max(100, 'must be at most 100')
    .default(50),
  cursor: z.string().max(100).optional().meta({ description: 'The `nextCursor` of the page before.' }),
}

export const nextCursor = z.string().nullable().meta({ description: 'Null where there is nothing more.' })

/** The parts that name a list: of what, by what, and whose. */
export type ListName = readonly [what: string, by?: string, value?: string]

/**
 * Where a page begins. A cursor names the last thing of the page before and the list it is of, and nothing else: which
 * table, index and partition are read is decided by what else is asked for, and by who asks.
 * @throws HttpProblem 400 for what is no cursor of this list
 */
export function pageAsked(list: ListName, asked: { limit: number; cursor?: string | undefined }): PageAsked {
  return { limit: asked.limit, after: asked.cursor === undefined ? undefined : idIn(asked.cursor, list) }
}

/** The cursor of the page after this one. */
export function cursorAfter<Each>(list: ListName, page: Page<Each>, idOf: (each: Each) => string) {
  const last = page.items.at(-1)
  return page.more && last ? cursorOf(list, idOf(last)) : null
}

const cursorOf = (list: ListName, id: string): string =>
  Buffer.concat([markOf(list), Buffer.from(id.replaceAll('-', ''), 'hex')]).toString('base64url')

function idIn(cursor: string, list: ListName): string {
  const bytes = Buffer.from(cursor, 'base64url')
  const mark = markOf(list)
  const isOurs = bytes.toString('base64url') === cursor && bytes.length === mark.length + UUID_BYTES
  if (!isOurs || !bytes.subarray(0, mark.length).equals(mark)) throw invalidCursor()
  const digits = bytes.subarray(mark.length).toString('hex')
  return [8, 12, 16, 20, 32].map((end, n) => digits.slice([0, 8, 12, 16, 20][n], end)).join('-')
}

/** Tells lists apart, and a cursor from a typing error. */
const markOf = (list: ListName): Buffer => hash('sha256', JSON.stringify(list), 'buffer').subarray(0, 8)

const UUID_BYTES = 16

const invalidCursor = (): HttpProblem =>
  new HttpProblem(400, 'invalid-cursor', 'cursor: is not one of this list', { field: 'cursor' })
