import { Plain } from '../../launch/plain.ts'
import type { Say } from '../../stack/progress.ts'
import type { Stack } from '../../stack/run.ts'
import { asServer, call, type Answer } from './call.ts'

export interface RundiFacts {
  first: Answer<User>
  second: Answer<User>
}

interface User {
  id: string
  [field: string]: unknown
}

/** Somebody signs in to Rundi twice; NextAuth asks each time. */
export async function tellRundi(
  stack: Stack,
  person: { sub: string; email: string },
  say: Say,
): Promise<RundiFacts> {
  const signIn = {
    provider: 'google',
    provider_id: `demo-${person.sub}`,
    email: person.email,
    name: 'Ada',
    avatar: 'https://example.org/ada.png',
  }
  const ensure = async (expected: number): Promise<Answer<User>> => {
    const answer = await call<User>(stack, {
      method: 'POST',
      path: '/rundi/auth/ensure-user',
      headers: asServer(stack.facts().keys.rundi),
      body: signIn,
      expected: [expected],
    })
    say(`  ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer
  }

  const first = await ensure(201)
  const second = await ensure(200)
  if (JSON.stringify(second.body) !== JSON.stringify(first.body)) {
    throw new Plain('the second sign-in was answered with another user than the first')
  }
  return { first, second }
}
