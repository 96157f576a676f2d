import type { HTTPMethods } from 'fastify'
import type { App } from '../app.ts'
import { HttpProblem } from '../answers/problems.ts'

/** Answers 405 with `Allow` where an address exists but not for this method. */
export interface KnownMethods {
  /** To be called after all routes: adds the refusals. */
  refuseOthers(app: App): void
}

const all: HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** Notes every route declared from here on; what others mount (wildcards, hidden routes) is left alone. */
export function noteMethods(app: App): KnownMethods {
  const known = new Map<string, Set<HTTPMethods>>()
  let noting = true
  app.addHook('onRoute', ({ url, method, schema }) => {
    if (!noting || url.includes('*') || schema?.hide === true) return
    const methods = known.get(url) ?? new Set()
    for (const each of [method].flat()) methods.add(each)
    known.set(url, methods)
  })

  return {
    refuseOthers: (late) => {
      noting = false
      for (const [url, methods] of known) {
        const allow = [...methods].sort().join(', ')
        late.route({
          url,
          method: all.filter((method) => !methods.has(method)),
          exposeHeadRoute: false,
          schema: { hide: true },
          // After the limit, which counts these as well.
          preParsing: (request, _reply, _payload, done) => done(notAllowed(request.method, allow)),
          handler: () => undefined,
        })
      }
    },
  }
}

const notAllowed = (method: string, allow: string): HttpProblem =>
  new HttpProblem(405, 'method-not-allowed', `${method} is not possible here.`, { headers: { allow } })
