import { signIn, signUp } from '../../../cognito/accounts.ts'
import type { Stack } from '../../../stack/run.ts'
import { asUser, call } from '../call.ts'
import { findNewcomer } from '../newcomer.ts'
import type { Profile } from './answers.ts'

/** Somebody with an account in the pool of LockIN, and an app. */
export interface Person {
  name: string
  email: string
  /** Where this person lives; LockIN does not ask. */
  zone: string
  id: string
  headers: Record<string, string>
  /** Calls `/lockin/api…` as this person's app. Throws `Plain` unless it is answered with the status expected. */
  ask<Body>(wish: Wish): Promise<Body>
}

export interface Wish {
  method: 'GET' | 'POST' | 'PATCH'
  /** After `/lockin/api`. */
  path: string
  body?: object
  expected: number
}

/** Signs up and in, and asks LockIN who that is: the first question makes the profile. */
export async function enter(stack: Stack, { name, zone }: Pick<Person, 'name' | 'zone'>): Promise<Person> {
  const { cognito } = stack.facts()
  const pool = { endpoint: cognito.endpoint, ...cognito.pools.lockin }
  const { email } = await findNewcomer(pool, name.toLowerCase())
  await signUp(pool, { email, username: name })
  const { idToken } = await signIn(pool, { email })
  const headers = asUser(idToken)
  const ask = async <Body>({ method, path, body, expected }: Wish): Promise<Body> => {
    const request = { method, path: `/lockin/api${path}`, headers, expected: [expected] }
    const answer = await call<Body>(stack, { ...request, ...(body ? { body } : {}) })
    return answer.body
  }
  const { id } = await ask<Profile>({ method: 'GET', path: '/me', expected: 200 })
  return { name, email, zone, id, headers, ask }
}
