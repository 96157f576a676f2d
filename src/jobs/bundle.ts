import type { Redis } from 'ioredis'
import { timeOrderedId } from '../shared/ids.ts'
import { redisPrefix } from './key-prefix.ts'
import type { Ticket } from './ledger/rows.ts'

/**
 * Tickets of light jobs that leave together ride in one BullMQ job: carrying a ticket alone costs Redis and its worker
 * more than such a job itself. A bundle holds ids only, and each ticket in it is claimed, run and settled by itself.
 */
export interface Bundle {
  id: string
  /** The BullMQ ids the tickets would have alone. */
  tickets: string[]
}

/** The BullMQ id of a ticket that travels alone; its only content, since `data` stays empty. */
export const bullId = (ticket: { id: string; ticket: number }): string => `${ticket.id}-${ticket.ticket}`

/** The ticket a BullMQ id stands for; undefined for an id that is none of ours. */
export function ticketOf(id: unknown): { id: string; ticket: number } | undefined {
  const parts = typeof id === 'string' && /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-(\d{1,9})$/.exec(id)
  return parts ? { id: parts[1] as string, ticket: Number(parts[2]) } : undefined
}

/** Divides the tickets of one queue into those that travel alone and bundles of those that may share. */
export function intoBundles(tickets: Ticket[]): { alone: Ticket[]; bundles: Bundle[] } {
  const sharing = tickets.filter((ticket) => ticket.light && ticket.delay <= 0)
  // A few tickets go to as many workers as they can; only a crowd is worth bundling.
  if (sharing.length < FEW) return { alone: tickets, bundles: [] }
  const size = Math.ceil(sharing.length / bundlesFor(sharing.length))
  const bundles: Bundle[] = []
  for (let from = 0; from < sharing.length; from += size)
    bundles.push({
      id: `bundle-${timeOrderedId()}`,
      tickets: sharing.slice(from, from + size).map(bullId),
    })
  const shares = new Set(sharing)
  return { alone: tickets.filter((ticket) => !shares.has(ticket)), bundles }
}

/** So many tickets are no crowd. */
const FEW = 4
/** Tickets in one bundle, at most: while a worker has this many in hand, nobody else can take them. */
const MOST = 50
/** Up to four bundles are only half as full, so that four workers have something to do. */
const bundlesFor = (tickets: number): number =>
  Math.max(2, Math.min(4, Math.ceil(tickets / (MOST / 2))), Math.ceil(tickets / MOST))

/** The tickets a BullMQ job carries: itself, or those of a bundle. Empty when it is none of ours. */
export function ticketsIn(job: { id?: string | undefined; data: unknown }): { id: string; ticket: number }[] {
  const alone = ticketOf(job.id)
  if (alone) return [alone]
  const { tickets } = (job.data ?? {}) as { tickets?: unknown }
  return Array.isArray(tickets) ? tickets.flatMap((id) => ticketOf(id) ?? []) : []
}

/** Which bundle each ticket of a queue rides in; a ticket that travels alone has no entry. */
const homesKey = (queue: string): string => `${redisPrefix}:${queue}:bundled`

/** Notes where the tickets of bundles are, so that the sweep can ask for them. */
export async function noteBundles(redis: Redis, queue: string, bundles: Bundle[]): Promise<void> {
  await redis.hset(
    homesKey(queue),
    ...bundles.flatMap(({ id, tickets }) => tickets.flatMap((each) => [each, id])),
  )
}

/** Forgets the tickets of a bundle that has been worked off. */
export async function forgetBundle(redis: Redis, queue: string, tickets: string[]): Promise<void> {
  await redis.hdel(homesKey(queue), ...tickets)
}

/** The BullMQ ids under which tickets of a queue travel: their bundle's, or their own. */
export async function carriersOf(redis: Redis, queue: string, tickets: string[]): Promise<string[]> {
  const homes = await redis.hmget(homesKey(queue), ...tickets)
  return tickets.map((ticket, index) => homes[index] ?? ticket)
}
