import { hash } from 'node:crypto'
import { createUser } from '../../../src/domains/prework/create-user.ts'
import type { User } from '../../../src/domains/prework/items.ts'
import type { Role } from '../../../src/domains/prework/permissions.ts'
import type { PreworkStore } from '../../../src/domains/prework/store.ts'
import { server } from './acting.ts'
import { inLanes } from './lanes.ts'

/** The lists that are read, and how many are in each. */
export const lists = ['active', 'role'] as const
export type List = (typeof lists)[number]

/** Whose list is read by role; nine of ten have it. */
export const ROLE: Role = 'user'

/**
 * Fills the table with users, one in twenty of whom was deactivated, in no order of their ids. Their addresses, profiles and
 * entries in the log are left out: no list looks at them.
 * @returns how many are in each list
 */
export async function loadUsers(
  { documents, tables }: PreworkStore,
  count: number,
  say: (line: string) => void,
): Promise<Record<List, number>> {
  const found: Record<List, number> = { active: 0, role: 0 }
  const batches = Array.from({ length: Math.ceil(count / BATCH) }, (_, batch) => batch * BATCH)
  let [loaded, told] = [0, performance.now()]
  const { seconds } = await inLanes(batches, LANES, async (from) => {
    const users = Array.from({ length: Math.min(BATCH, count - from) }, (_, index) => someone(from + index))
    await documents.putMany(tables.users, users as unknown as Record<string, unknown>[])
    for (const { active, role } of users) {
      if (active) found.active += 1
      if (role === ROLE) found.role += 1
    }
    loaded += users.length
    if (performance.now() - told < TELL_EVERY) return
    told = performance.now()
    say(`users: ${many(loaded)} of ${many(count)}`)
  })
  say(
    `users: ${many(count)} loaded in ${seconds.toFixed(1)} s, ${many(Math.round(count / seconds))} a second`,
  )
  return found
}

/** Somebody who may see all of them, made as the product does it, and in the lists as well. */
export async function makeAdministrator(store: PreworkStore): Promise<User> {
  const { user } = await createUser(store, server, {
    email: 'grace@example.org',
    username: 'grace',
    role: 'administrator',
    firstName: 'Grace',
    lastName: 'Hopper',
    jobTitle: 'Programmer',
    department: 'Compilers',
  })
  return user
}

/** What one call of `putMany` takes here: forty of its own batches. */
const BATCH = 1000
const LANES = 2
/** Milliseconds. */
const TELL_EVERY = 2000

const many = (count: number): string => count.toLocaleString('en-US')

const roles: Role[] = ['manager', ...Array<Role>(18).fill(ROLE), 'supervisor']

function someone(n: number): User {
  const email = `student-${n}@example.org`
  const isActive = n % 20 !== 7
  return {
    userId: idOf(n),
    email,
    emailKey: email,
    username: `student-${n}`,
    role: roles[n % roles.length] ?? ROLE,
    isActive,
    ...(isActive ? { active: 'yes' } : { deactivatedAt: LONG_AGO }),
    profileId: idOf(n + 0.5),
    version: 1,
    createdAt: LONG_AGO,
    createdBy: 'server',
    updatedAt: LONG_AGO,
    updatedBy: 'server',
  }
}

const LONG_AGO = '2026-01-05T08:00:00.000Z'

/** Looks like chance, and is the same in every run. */
function idOf(n: number): string {
  const digits = hash('sha256', `user ${n}`)
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `4${digits.slice(13, 16)}`,
    `8${digits.slice(17, 20)}`,
    digits.slice(20, 32),
  ].join('-')
}
