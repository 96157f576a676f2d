import { signIn, signUp, vouchFor } from '../../../cognito/accounts.ts'
import type { Say } from '../../../stack/progress.ts'
import type { Stack } from '../../../stack/run.ts'
import { asServer, asUser, call } from '../call.ts'
import { findNewcomer } from '../newcomer.ts'
import type { MadeUser, Refusal } from './answers.ts'

/** Somebody with an account in the pool of Pre-Work, and an app. */
export interface Account {
  name: string
  email: string
  /** Calls `/prework/api…` as this person's app. Throws `Plain` unless it is answered with the status expected. */
  ask<Body>(wish: Wish): Promise<Body>
}

/** An account that is a user of Pre-Work. */
export interface Person extends Account {
  userId: string
  profileId: string
  role: string
}

export interface Wish {
  method: 'GET' | 'POST'
  /** After `/prework/api`. */
  path: string
  body?: object
  expected: number
}

export interface People {
  grace: Person
  ada: Person
  /** With which code an address was refused that somebody has. */
  taken: string
}

/** A server key makes the first administrator, and she makes whoever works with her. */
export async function tellPeople(stack: Stack, say: Say): Promise<People> {
  const [grace, ada] = await Promise.all([openAccount(stack, 'Grace'), openAccount(stack, 'Ada')])
  const before = await grace.ask<Refusal>({ method: 'GET', path: '/users', expected: 403 })
  const server = asker(stack, asServer(stack.facts().keys.prework))
  const administrator = await server<MadeUser>({
    method: 'POST',
    path: '/users',
    body: { ...bodyOf(grace), role: 'administrator', lastName: 'Hopper', jobTitle: 'Head of mills' },
    expected: 201,
  })
  say(`  Grace has an account in Cognito and is nobody in Pre-Work: 403 ${before.error.code}`)
  say(
    '  A server key makes her an administrator, as it makes the first one; she makes Ada, who is in her team',
  )
  const user = {
    ...bodyOf(ada),
    role: 'user',
    lastName: 'Lovelace',
    jobTitle: 'Millwright',
    managerId: administrator.user.userId,
  }
  const made = await grace.ask<MadeUser>({ method: 'POST', path: '/users', body: user, expected: 201 })
  const people = { grace: asPerson(grace, administrator), ada: asPerson(ada, made) }
  const widest = Math.max(grace.email.length, ada.email.length)
  for (const { name, email, role, userId } of Object.values(people))
    say(`    ${name.padEnd(5)}  ${email.padEnd(widest)}  ${role.padEnd(13)}  ${userId}`)

  const email = ada.email.toUpperCase()
  const body = { ...user, email }
  const again = await grace.ask<Refusal>({ method: 'POST', path: '/users', body, expected: 409 })
  say(`  Somebody else with the address ${email}: 409 ${again.error.code}`)
  return { ...people, taken: again.error.code }
}

/** Signs up and in with an address that is verified, as it is in Cognito after a code was sent to it. */
async function openAccount(stack: Stack, name: string): Promise<Account> {
  const { cognito } = stack.facts()
  const pool = { endpoint: cognito.endpoint, ...cognito.pools.prework }
  const { email } = await findNewcomer(pool, name.toLowerCase())
  await signUp(pool, { email, username: name })
  await vouchFor(pool, email)
  const { idToken } = await signIn(pool, { email })
  return { name, email, ask: asker(stack, asUser(idToken)) }
}

const asker =
  (stack: Stack, headers: Record<string, string>): Account['ask'] =>
  async <Body>({ method, path, body, expected }: Wish): Promise<Body> => {
    const request = { method, path: `/prework/api${path}`, headers, expected: [expected] }
    const answer = await call<Body>(stack, { ...request, ...(body ? { body } : {}) })
    return answer.body
  }

const bodyOf = ({ name, email }: Account) => ({
  email,
  username: name.toLowerCase(),
  firstName: name,
  department: 'Mills',
})

const asPerson = (account: Account, { user, profile }: MadeUser): Person => ({
  ...account,
  userId: user.userId,
  profileId: profile.profileId,
  role: user.role,
})
