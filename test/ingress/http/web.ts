import { createWorld, type World, type WorldOptions } from '../../support/world.ts'
import { createServer } from '../../../src/ingress/server.ts'
import type { App } from '../../../src/ingress/http/app.ts'
import type { Running } from '../../../src/jobs/open.ts'
import { startWatch, type Watch } from '../../../src/jobs/watch.ts'
import { openBlockingRedis } from '../../../src/shared/redis.ts'
import { startIssuer, type Issuer } from './issuer.ts'

export const ada = {
  id: '3f0c2a9e-5b1d-4e7a-9c68-2d41b7a0e5f1',
  body: {
    cognito_user_id: '3f0c2a9e-5b1d-4e7a-9c68-2d41b7a0e5f1',
    username: 'ada',
    email: 'ada@example.org',
  },
}
export const grace = {
  id: '7a9b1c2d-3e4f-4a5b-8c6d-7e8f9a0b1c2d',
  body: {
    cognito_user_id: '7a9b1c2d-3e4f-4a5b-8c6d-7e8f9a0b1c2d',
    username: 'grace',
    email: 'grace@example.org',
  },
}

export const keys = {
  anki: 'anki-test-key-0123456789',
  rundi: 'rundi-test-key-0123456789',
  lockin: 'lockin-test-key-0123456789',
  prework: 'prework-test-key-0123456789',
}
export const withKey = (product: keyof typeof keys) => ({ 'x-millrace-key': keys[product] })
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
export const basic = (name: 'grace' | 'linus') => ({
  authorization: `Basic ${Buffer.from(`${name}:${name}-password-1`).toString('base64')}`,
})

/** The web server in a world of its own, with a real issuer of tokens. */
export interface Web extends AsyncDisposable {
  world: World
  app: App
  issuer: Issuer
  watch: Watch
  /** The address of a real socket, opened when first asked for. */
  url(): Promise<string>
}

export interface WebOptions extends WorldOptions {
  /** The web process has a lease and may run light jobs itself. */
  light?: boolean
}

export async function startWeb({ light = false, ...options }: WebOptions = {}): Promise<Web> {
  const issuer = await startIssuer()
  const world = await createWorld({ ...options, env: { ...issuer.env, ...options.env } })
  const { config, log, metrics, asking, lifecycle } = world
  const subscriber = openBlockingRedis(config.redis.url, log)
  const watch = await startWatch({ run: asking.database.run, subscriber, log })
  let running: Running | undefined
  if (light) running = await world.running()
  const app = createServer({
    config,
    log,
    metrics,
    asking,
    watch,
    running: () => running,
    stopping: lifecycle.stopping,
  })
  tellWhatItIs(app)
  await app.ready()
  let url: Promise<string> | undefined

  return {
    world,
    app,
    issuer,
    watch,
    url: () => (url ??= app.listen({ host: '127.0.0.1', port: 0 })),
    [Symbol.asyncDispose]: async () => {
      await app.close()
      await watch.close()
      await world[Symbol.asyncDispose]()
      await issuer.close()
    },
  }
}

/** An answer that has a body and does not say of what kind it is becomes a failure, in every test. */
function tellWhatItIs(app: App): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const isEmpty = payload === undefined || payload === null || payload === ''
    if (!isEmpty && reply.getHeader('content-type') === undefined)
      throw new Error(`The answer to ${request.method} ${request.url} does not say what it is.`)
    return payload
  })
}
