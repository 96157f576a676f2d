import { randomUUID } from 'node:crypto'
import type { Payload } from './job.ts'

/** Somebody new every time, as a job's data. */
export const somebody = (): Payload => ({ userId: randomUUID(), username: 'ada', email: 'ada@example.org' })

/** The body of a sign-up by somebody new. */
export const signUp = () => ({ cognito_user_id: randomUUID(), username: 'ada', email: 'ada@example.org' })

/** The body of a sign-in by somebody new, or by the one with this id. */
export const signIn = (id: string = randomUUID()) => ({
  provider: 'google',
  provider_id: id,
  email: `${id}@example.org`,
  name: 'Ada Lovelace',
  avatar: null,
})

/** People who sign in again and again. */
export const knownSignIns = Array.from({ length: 200 }, (_, index) => signIn(`known-${index}`))
