import { Plain } from '../../launch/plain.ts'
import type { Stack } from '../../stack/run.ts'

export interface Answer<Body> {
  status: number
  body: Body
}

/** Calls the web process as a web app would. Throws `Plain` unless the status is one of those expected. */
export async function call<Body>(
  stack: Stack,
  request: {
    method: 'GET' | 'POST' | 'PUT' | 'PATCH'
    path: string
    headers: Record<string, string>
    body?: object
    expected: number[]
  },
): Promise<Answer<Body>> {
  const { method, path, headers, body, expected } = request
  const answer = await fetch(`${stack.facts().web}${path}`, {
    method,
    headers: { ...headers, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
    signal: AbortSignal.any([stack.signal, AbortSignal.timeout(40_000)]),
  })
  const text = await answer.text()
  if (!expected.includes(answer.status)) {
    throw new Plain(
      `${method} ${path} was answered with ${answer.status} instead of ${expected.join(' or ')}: ${text}`,
    )
  }
  return { status: answer.status, body: JSON.parse(text) as Body }
}

export const asUser = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })

export const asServer = (key: string): Record<string, string> => ({ 'x-millrace-key': key })
