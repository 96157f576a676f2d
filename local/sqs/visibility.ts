import type { Lease } from './journal.ts'
import type { Message } from './message.ts'

/** How many messages can be received, are held by a receiver, or were delayed by their sender. */
export function countByState(messages: Iterable<Message>): {
  visible: number
  inFlight: number
  delayed: number
} {
  const now = Date.now()
  const counts = { visible: 0, inFlight: 0, delayed: 0 }
  for (const message of messages) {
    if (message.visibleAt <= now) counts.visible++
    else if (message.receives > 0) counts.inFlight++
    else counts.delayed++
  }
  return counts
}

/** The moment at which the next hidden message becomes visible by itself, if one is hidden. */
export function nextVisibleAt(messages: Iterable<Message>): number | undefined {
  const now = Date.now()
  let next: number | undefined
  for (const { visibleAt } of messages) {
    if (visibleAt > now && (next === undefined || visibleAt < next)) next = visibleAt
  }
  return next
}

/** The message groups of which a receiver holds a message: a FIFO queue gives out no other of theirs. */
export function groupsInFlight(messages: Iterable<Message>, now: number): Set<string | undefined> {
  const groups = new Set<string | undefined>()
  for (const { receives, visibleAt, system } of messages) {
    if (receives > 0 && visibleAt > now) groups.add(system.MessageGroupId)
  }
  return groups
}

export function leaseOf({ receives, visibleAt, firstReceivedAt, handle }: Message): Lease {
  return { receives, visibleAt, ...(firstReceivedAt && { firstReceivedAt }), ...(handle && { handle }) }
}
