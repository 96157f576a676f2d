import cors from '@fastify/cors'
import type { FastifyRequest } from 'fastify'
import { products } from '../../../shared/config.ts'
import { minutes } from '../../../shared/time.ts'
import type { App } from '../app.ts'

/**
 * Says which pages of other origins a browser may let in: those named here may call the products and watch jobs, and any may
 * follow a status link, since that is all it takes. Nobody is known by a cookie, and operators' pages stay by themselves.
 */
export function allowOrigins(app: App, named: string[]): void {
  void app.register(cors, {
    delegator: (request: FastifyRequest, decide: (error: null, options: object) => void) =>
      decide(null, { ...shared, origin: originsFor(request, named) }),
  })
}

function originsFor({ url, headers }: FastifyRequest, named: string[]): string[] | '*' | false {
  if (/^\/jobs\/[^?]*\?(?:.*&)?sig=/.test(url)) return '*'
  if (headers.origin === undefined || named.length === 0) return false
  const [, mount = ''] = url.split(/[/?]/, 2)
  return open.has(mount) && named
}

const open = new Set<string>([...products, 'jobs'])

const shared = {
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
  exposedHeaders: ['etag', 'location', 'retry-after', 'preference-applied', 'x-request-id', 'x-trace-id'],
  /** Any OPTIONS of such a page counts as one; the plugin's refusal would be in nobody's shape. */
  strictPreflight: false,
  maxAge: minutes(10) / 1000,
}
