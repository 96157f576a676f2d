import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { InitiateAuthCommand } from '@aws-sdk/client-cognito-identity-provider'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { signIn, signUp } from '../../local/cognito/accounts.ts'
import { startTriggerBridge } from '../../local/cognito/bridge.ts'
import { clientFor } from '../../local/cognito/pools.ts'
import { startCognito } from '../../local/cognito/server.ts'
import type { CognitoStack } from '../../local/cognito/server.ts'

const products = ['anki', 'iep'] as const
let base: string

beforeAll(async () => {
  base = await mkdtemp(path.join(os.tmpdir(), 'millrace-cognito-'))
})
afterEach(() => {
  vi.restoreAllMocks()
})
afterAll(async () => {
  await rm(base, { recursive: true, force: true })
})

describe('a running Cognito', { timeout: 30_000 }, () => {
  const events: Confirmation[] = []
  let cognito: CognitoStack<(typeof products)[number]>

  beforeAll(async () => {
    cognito = await startCognito({
      directory: path.join(base, 'running'),
      products,
      onPostConfirmation: async (event) => void events.push(event as Confirmation),
    })
  })
  afterEach(() => {
    events.length = 0
  })
  afterAll(() => cognito.stop())

  test('fires the trigger once when somebody signs up, with what Cognito knows of them', async () => {
    const { sub } = await signUp(cognito.pools.anki, { email: 'ada@example.org', username: 'Ada' })

    expect(events).toMatchObject([
      {
        triggerSource: 'PostConfirmation_ConfirmSignUp',
        userPoolId: cognito.pools.anki.poolId,
        userName: sub,
        request: {
          userAttributes: {
            sub,
            email: 'ada@example.org',
            email_verified: 'true',
            preferred_username: 'Ada',
            'cognito:user_status': 'CONFIRMED',
          },
        },
      },
    ])
  })

  test('takes a second sign-up for the first, and keeps the pools apart', async () => {
    const door = { endpoint: cognito.endpoint, clientId: cognito.pools.iep.clientId }
    const first = await signUp(door, { email: 'grace@example.org' })

    const second = await signUp(door, { email: 'grace@example.org' })
    const elsewhere = await signUp(cognito.pools.anki, { email: 'grace@example.org' })

    expect(second).toEqual(first)
    expect(elsewhere).not.toEqual(first)
    expect(events.map((event) => event.userPoolId)).toEqual([
      cognito.pools.iep.poolId,
      cognito.pools.anki.poolId,
    ])
  })

  test('gives tokens that verify against the published keys of their own pool', async () => {
    const { issuer, jwksUrl, clientId } = cognito.pools.iep
    const { sub } = await signUp(cognito.pools.iep, { email: 'linus@example.org', username: 'Linus' })

    const tokens = await signIn(cognito.pools.iep, { email: 'linus@example.org' })

    const keys = createRemoteJWKSet(new URL(jwksUrl))
    const id = await jwtVerify(tokens.idToken, keys, { issuer, audience: clientId })
    const access = await jwtVerify(tokens.accessToken, keys, { issuer })
    expect(tokens.sub).toBe(sub)
    expect(id.payload).toMatchObject({
      sub,
      token_use: 'id',
      email: 'linus@example.org',
      email_verified: true,
      preferred_username: 'Linus',
    })
    expect(access.payload).toMatchObject({ sub, token_use: 'access', client_id: clientId })
    expect(access.payload.aud).toBeUndefined()
    await expect(jwtVerify(tokens.idToken, keys, { issuer: cognito.pools.anki.issuer })).rejects.toThrow(
      'unexpected "iss" claim value',
    )
  })

  test('refuses a wrong password, and trades a refresh token for a new one', async () => {
    const { clientId } = cognito.pools.anki
    const credentials = { email: 'refresh@example.org', password: 'Something-else-1' }
    await signUp(cognito.pools.anki, credentials)
    const { refreshToken } = await signIn(cognito.pools.anki, credentials)

    const client = clientFor(cognito.endpoint)
    const refreshed = await client.send(
      new InitiateAuthCommand({
        ClientId: clientId,
        AuthFlow: 'REFRESH_TOKEN_AUTH',
        AuthParameters: { REFRESH_TOKEN: refreshToken },
      }),
    )
    client.destroy()

    expect(refreshed.AuthenticationResult?.IdToken).toBeDefined()
    await expect(signIn(cognito.pools.anki, { email: 'refresh@example.org' })).rejects.toMatchObject({
      name: 'InvalidPasswordException', // of cognito-local; Cognito says NotAuthorizedException
    })
  })

  test('refuses a second start on the same files', async () => {
    await expect(start('running')).rejects.toThrow(`(process ${cognito.pid}) is already running`)
  })

  test('says so when its port is taken', async () => {
    const port = Number(new URL(cognito.endpoint).port)

    await expect(start('other', { port })).rejects.toThrow(`Cognito cannot have port ${port}: it is taken`)
  })
})

describe('a Cognito that ends', { timeout: 30_000 }, () => {
  test('finds its pools, clients and users again, at the same address', async () => {
    const before = await start('restart')
    const { sub } = await signUp(before.pools.iep, { email: 'ada@example.org' })
    await before.stop()

    const after = await start('restart')

    expect(after.endpoint).toBe(before.endpoint)
    expect(after.pools).toEqual(before.pools)
    expect(await signIn(after.pools.iep, { email: 'ada@example.org' })).toMatchObject({ sub })
    await after.stop()
  })

  test('loses nobody it has answered when it is killed in the middle of a crowd', async () => {
    vi.spyOn(console, 'error').mockReturnValue() // it says that it ended by itself
    const before = await start('crowd')
    const password = 'Long-1'.repeat(10_000) // makes the file of the pool large, and its writing slow
    const answered = new Map<string, string>()
    const arrive = async (email: string) => {
      const { sub } = await signUp(before.pools.iep, { email, password })
      answered.set(email, sub)
      if (answered.size === 20) process.kill(before.pid, 'SIGKILL')
    }
    await Promise.allSettled(Array.from({ length: 60 }, (_, i) => arrive(`parent-${i}@example.org`)))
    await before.stop()

    const after = await start('crowd')

    expect(answered.size).toBeGreaterThanOrEqual(20)
    for (const [email, sub] of answered) {
      expect(await signIn(after.pools.iep, { email, password })).toMatchObject({ sub })
    }
    await after.stop()
  })

  test.runIf(process.platform === 'linux')('does not outlive a parent that was killed', async () => {
    const parent = await startInOwnProcess(path.join(base, 'orphan'))
    expect((await fetch(`${parent.endpoint}/health`)).ok).toBe(true)

    await parent.kill()

    while (await answers(parent.endpoint)) await sleep(20) // for ever, if it lived on: the test's time limit ends it
    const again = await start('orphan')
    await again.stop()
  })

  test('says in one line why it does not start', async () => {
    const first = await start('damaged')
    await first.stop()
    const db = path.join(base, 'damaged', '.cognito', 'db')
    for (const file of await readdir(db)) await writeFile(path.join(db, file), '{ half a fi')

    const error: Error = await start('damaged').then(
      () => expect.unreachable(),
      (reason: Error) => reason,
    )

    expect(error.message).toMatch(/\.cognito\/db\/\w+\.json is damaged, it is no whole JSON: remove it$/)
  })
})

describe('the trigger', { timeout: 30_000 }, () => {
  test('fails as a Lambda does when the event cannot be passed on, and the account stays', async () => {
    const printed = vi.spyOn(console, 'error').mockReturnValue()
    const cognito = await start('failing', {
      onPostConfirmation: () => Promise.reject(new Error('the queue is away')),
    })

    const { sub } = await signUp(cognito.pools.anki, { email: 'ada@example.org' })

    expect(printed).toHaveBeenCalledExactlyOnceWith(
      'cognito trigger post-confirmation failed: Error: the queue is away',
    )
    // cognito-local may write its line a moment after it has answered.
    await expect
      .poll(() => readFile(path.join(base, 'failing', 'cognito-local.log'), 'utf8'))
      .toContain('post-confirmation failed with error the queue is away')
    expect(await signIn(cognito.pools.anki, { email: 'ada@example.org' })).toMatchObject({ sub })
    await cognito.stop()
  })

  test('is answered with the event, with a function error, or with no such function', async () => {
    vi.spyOn(console, 'error').mockReturnValue()
    const event = { userName: 'ada', request: { userAttributes: {} }, response: {} }
    const bridge = await startTriggerBridge(async (received) => {
      if ((received as typeof event).userName !== 'ada') throw new TypeError('who?')
    })
    const invoke = (name: string, body: object) =>
      fetch(`${bridge.endpoint}/2015-03-31/functions/${name}/invocations`, {
        method: 'POST',
        body: JSON.stringify(body),
      })

    const answered = await invoke('post-confirmation', event)
    const failed = await invoke('post-confirmation', { ...event, userName: 'eve' })
    const unknown = await invoke('post-everything', event)

    expect(answered.headers.get('x-amz-function-error')).toBeNull()
    expect(await answered.json()).toEqual(event)
    expect(failed.status).toBe(200)
    expect(failed.headers.get('x-amz-function-error')).toBe('Unhandled')
    expect(await failed.json()).toEqual({ errorType: 'TypeError', errorMessage: 'who?', trace: [] })
    expect(unknown.status).toBe(404)
    await unknown.arrayBuffer()
    await bridge.stop()
  })

  test('fails when it takes longer than Cognito would wait', async () => {
    vi.spyOn(console, 'error').mockReturnValue()
    const bridge = await startTriggerBridge(() => sleep(60_000, undefined, { ref: false }), { limitMs: 50 })

    const response = await fetch(`${bridge.endpoint}/2015-03-31/functions/post-confirmation/invocations`, {
      method: 'POST',
      body: '{}',
    })

    expect(await response.json()).toMatchObject({
      errorMessage: expect.stringContaining('Task timed out after 0.05 seconds') as string,
    })
    await bridge.stop()
  })
})

interface Confirmation {
  triggerSource: string
  userPoolId: string
}

async function start(name: string, options: Partial<Parameters<typeof startCognito>[0]> = {}) {
  const directory = path.join(base, name)
  return startCognito({ onPostConfirmation: async () => {}, ...options, directory, products })
}

/** Cognito under a parent of its own, so that the parent can be killed. */
async function startInOwnProcess(directory: string): Promise<{ endpoint: string; kill(): Promise<void> }> {
  const server = new URL('../../local/cognito/server.ts', import.meta.url).href
  const script = `import { startCognito } from ${JSON.stringify(server)}
    const { endpoint } = await startCognito({
      directory: ${JSON.stringify(directory)}, products: ['iep'], onPostConfirmation: async () => {} })
    console.log(endpoint)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return {
    endpoint: line.toString().trim(),
    async kill() {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
  }
}

async function answers(endpoint: string): Promise<boolean> {
  try {
    await fetch(`${endpoint}/health`).then((response) => response.arrayBuffer())
    return true
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}
