import { setTimeout as sleep } from 'node:timers/promises'
import { Plain } from '../../../launch/plain.ts'
import type { Stack } from '../../../stack/run.ts'
import { shorten } from '../iep/show.ts'
import type { Entry } from './answers.ts'
import type { Account } from './people.ts'

/** Something of which the log is to have just these entries, each said as who and what: `Ada create`. */
export interface Thing {
  id: string
  /** What it is called in the table. */
  name: string
  entries: string[]
}

/**
 * Reads the trail of some things, once all of it is there: indexes follow after a moment. The oldest comes first.
 * @throws Plain when an entry is missing or one too many, or says less than who did it from where
 */
export async function readTrail(
  stack: Stack,
  reader: Account,
  things: Thing[],
  nameOf: (id: string) => string | undefined,
): Promise<Entry[]> {
  const wanted = things.flatMap(({ entries }) => entries).length
  const deadline = performance.now() + PATIENCE
  for (;;) {
    stack.signal.throwIfAborted()
    const trails = await Promise.all(things.map((thing) => entriesOf(reader, thing)))
    if (trails.flat().length >= wanted || performance.now() > deadline) {
      for (const [index, thing] of things.entries()) wantTrail(thing, trails[index] ?? [], nameOf)
      // What one transaction changed has one time: then the order of the things decides.
      return trails.flat().sort((one, other) => Date.parse(one.at) - Date.parse(other.at))
    }
    await sleep(100)
  }
}

const PATIENCE = 10_000

/** The API tells the newest first. */
async function entriesOf(reader: Account, { id }: Thing): Promise<Entry[]> {
  const path = `/audit?entityId=${id}&limit=100`
  const { entries } = await reader.ask<{ entries: Entry[] }>({ method: 'GET', path, expected: 200 })
  return entries.toReversed()
}

/** @throws Plain unless these are the entries that a thing is to have, the oldest first */
export function wantTrail(
  { name, entries }: Thing,
  found: Entry[],
  nameOf: (id: string) => string | undefined,
): void {
  const said = found.map(({ userId, action }) => `${nameOf(userId) ?? userId} ${action}`)
  if (said.join() !== entries.join())
    throw new Plain(
      `the audit log has of ${name}: ${said.join(', ') || 'nothing'}; it should have ${entries.join(', ')}`,
    )
  if (found.some(({ requestId, userAgent, at }) => !requestId || !userAgent || !Date.parse(at)))
    throw new Plain(`an entry of ${name} in the audit log does not say where it came from`)
}

/** When, who, what, and what it changed: a line for each entry. */
export function drawTrail(entries: Entry[], nameOf: (id: string) => string | undefined): string[] {
  const rows = entries.map((entry) => [
    entry.at.slice(11, 23),
    nameOf(entry.userId) ?? entry.userId,
    `${entry.action} ${entry.entityType} ${nameOf(entry.entityId) ?? ''}`.trim(),
    changeIn(entry, nameOf) || '–',
  ])
  const all = [['when (UTC)', 'who', 'what', 'before → after'], ...rows]
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all.map((row) =>
    row
      .map((cell, column) => (column < 3 ? cell.padEnd(widths[column] ?? 0) : shorten(cell, WIDTH)))
      .join('  '),
  )
}

/** Of the last column. */
const WIDTH = 62

/** The fields that changed, those first that had a value before; what was nothing before is told without it. */
function changeIn({ before, after }: Entry, nameOf: (id: string) => string | undefined): string {
  const tell = (value: unknown): string => told(value, nameOf)
  const fields = namesIn(after)
  const changed = fields.filter((field) => isThere(before[field]))
  const set = fields.filter((field) => !isThere(before[field]) && isThere(after[field]))
  return [
    ...changed.map((field) => `${field} ${tell(before[field])} → ${tell(after[field])}`),
    ...set.map((field) => `${field} ${tell(after[field])}`),
  ].join(', ')
}

/** What says most comes first: DynamoDB keeps no order. */
const namesIn = (fields: object): string[] =>
  Object.keys(fields).toSorted((one, other) => placeOf(one) - placeOf(other))

function placeOf(field: string): number {
  const place = telling.indexOf(field)
  return place < 0 ? telling.length : place
}

const telling =
  'role email firstName lastName jobTitle title mediaFiles fileName file bytes width height'.split(' ')

const isThere = (value: unknown): boolean => value !== null && value !== undefined

/** Ids are told as what they are called. */
function told(value: unknown, nameOf: (id: string) => string | undefined): string {
  if (Array.isArray(value)) return `[${value.map((each) => told(each, nameOf)).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const fields = value as Record<string, unknown>
    return `{${namesIn(fields)
      .map((name) => `${name} ${told(fields[name], nameOf)}`)
      .join(', ')}}`
  }
  return typeof value === 'string' ? (nameOf(value) ?? value) : JSON.stringify(value ?? null)
}
