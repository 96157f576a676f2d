import { fastify, type FastifyReply, type FastifyRequest } from 'fastify'
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import { openCollections } from '../domains/anki/collections.ts'
import { openPreworkBuckets } from '../domains/prework/buckets.ts'
import { openPreworkStore } from '../domains/prework/store.ts'
import { products, type Product } from '../shared/config.ts'
import { openBucket } from '../shared/open-bucket.ts'
import { seconds } from '../shared/time.ts'
import { ankiRoutes } from './http/anki.ts'
import { answerBrokenRequests } from './http/answers/broken-requests.ts'
import { answerErrors, answerProblem } from './http/answers/errors.ts'
import { createStatusLinks } from './http/answers/status-link.ts'
import type { App, HttpParts, ServerParts } from './http/app.ts'
import { createAskFor } from './http/asking/ask.ts'
import { createLightRuns } from './http/asking/light.ts'
import { acceptJsonOnly } from './http/edge/body.ts'
import { closeGently } from './http/edge/closing.ts'
import { describeRoutes, documentRoute } from './http/edge/document.ts'
import { frameworkLog } from './http/edge/framework-log.ts'
import { limitCallers } from './http/edge/limits.ts'
import { noteMethods } from './http/edge/methods.ts'
import { allowOrigins } from './http/edge/origins.ts'
import { begin, followRequests, noteRequest } from './http/edge/requests.ts'
import { newRequestId } from './http/edge/trace.ts'
import { refuseUnknown } from './http/edge/unknown.ts'
import { healthRoutes } from './http/health.ts'
import { iepRoutes } from './http/iep.ts'
import { jobRoutes, opensByLink } from './http/jobs.ts'
import { lockinRoutes } from './http/lockin.ts'
import { publicAvatarRoute } from './http/lockin/avatars.ts'
import { createLogin } from './http/operators/login.ts'
import { operatorRoutes } from './http/operators/routes.ts'
import { preworkRoutes } from './http/prework.ts'
import { rundiRoutes } from './http/rundi.ts'
import { createWho, type Who } from './who.ts'

export type { ServerParts } from './http/app.ts'

/** The web server, ready for `inject` or `listen`. Closing it lets requests in flight finish and ends waiting ones. */
export function createServer(parts: ServerParts): App {
  const { config, log, running } = parts
  const app = createApp(parts)
  const inFlight = new Set<FastifyRequest>()
  const closing = closeGently(app, { ...parts, graceMs: config.graceMs, inFlight })
  acceptJsonOnly(app)
  answerErrors(app, log)
  followRequests(app, { ...parts, closing, inFlight })
  limitCallers(app, config.http.ratePerMinute)
  describeRoutes(app)

  const light = createLightRuns({ running, width: Math.max(1, Math.floor(config.database.pool / 2)), log })
  app.addHook('onClose', () => light.close())
  const [iepBucket, lockinBucket] = [config.iep.bucket, config.lockin.bucket].map((name) =>
    name === undefined ? undefined : openBucket(config.aws, name),
  )
  const { environment } = config.prework
  const prework = environment && openPreworkStore(config.aws, environment)
  const preworkBuckets = environment && openPreworkBuckets(config.aws, environment)
  app.addHook('onClose', async () => {
    iepBucket?.close()
    lockinBucket?.close()
    prework?.documents.close()
    preworkBuckets?.close()
  })
  const given = {
    ...parts,
    closing,
    who: createWho(config, log),
    links: createStatusLinks(config.statusLinkSecret),
    collections: openCollections({ base: config.anki.collections, gid: config.anki.collectionsGid }),
    iepBucket,
    lockinBucket,
    prework,
    preworkBuckets: preworkBuckets?.buckets,
  }
  const http: HttpParts = { ...given, askFor: createAskFor({ ...given, light }) }

  // In a plugin of its own: it is loaded once the limit and the document are there to notice the routes.
  void app.register(async (all: App) => {
    allowOrigins(all, config.http.origins)
    const methods = noteMethods(all)
    mount(all, http, 'anki', ankiRoutes)
    mount(all, http, 'rundi', rundiRoutes)
    mount(all, http, 'iep', iepRoutes)
    mount(all, http, 'lockin', lockinRoutes)
    mount(all, http, 'prework', preworkRoutes)
    void all.register(async (open: App) => publicAvatarRoute(open, http), { prefix: '/lockin' })
    mountJobs(all, http)
    mountOperators(all, http)
    void all.register(async (rest: App) => {
      documentRoute(rest)
      methods.refuseOthers(rest)
    })
  })
  return app
}

/** A bare Fastify with our ways of reading and answering. */
function createApp({ config, log, metrics }: ServerParts): App {
  const app: App = fastify({
    loggerInstance: frameworkLog(log),
    genReqId: newRequestId,
    bodyLimit: config.http.bodyLimit,
    // The proxy that calls us is believed, not what its clients told it.
    trustProxy: config.http.trustProxy ? (_address, hop) => hop === 0 : false,
    requestTimeout: seconds(30),
    // The first hook says so in our own shape.
    return503OnClosing: false,
    clientErrorHandler: answerBrokenRequests({ log, metrics }),
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      begin(request, reply)
      answerProblem(error, request, reply, log)
      noteRequest(request, reply, { log, metrics })
    },
  }).withTypeProvider<ZodTypeProvider>()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  return app
}

/**
 * Mounts a product's routes under its name. All of them need a caller of the product, and what they are answered nobody on
 * the way may keep, unless a route says otherwise.
 */
function mount(
  app: App,
  http: HttpParts,
  product: Product,
  routes: (app: App, http: HttpParts) => void,
): void {
  void app.register(
    async (scope: App) => {
      scope.addHook('onRequest', (_request, reply, done) => {
        reply.header('cache-control', 'no-store')
        done()
      })
      identifyCallers(scope, http.who, [product])
      scope.addHook('preParsing', (request, _reply, _payload, done) => done(request.refusal as never))
      refuseUnknown(scope)
      routes(scope, http)
    },
    { prefix: `/${product}` },
  )
}

/** Any product's credentials open its jobs, and a status link opens the one it is for. */
function mountJobs(app: App, http: HttpParts): void {
  void app.register(
    async (scope: App) => {
      identifyCallers(scope, http.who, products)
      scope.addHook('preParsing', (request, _reply, _payload, done) => {
        request.viaLink = opensByLink(request, http.links)
        done((request.viaLink ? undefined : request.refusal) as never)
      })
      refuseUnknown(scope)
      jobRoutes(scope, http)
    },
    { prefix: '/jobs' },
  )
}

function mountOperators(app: App, http: HttpParts): void {
  const { operators } = http.config
  const login = operators.length > 0 ? createLogin(app, operators) : undefined
  if (login)
    void app.register(async (scope: App) => operatorRoutes(scope, http, login), { prefix: '/operators' })
  else http.log.warn('no operators are configured: the console refuses to start without them')
  void app.register(async (scope: App) => healthRoutes(scope, { ...http, login }))
}

/** Who calls is found out first, so that each has a limit of their own; who may not is refused after that. */
function identifyCallers(app: App, who: Who, among: readonly Product[]): void {
  app.addHook('onRequest', async (request) => {
    try {
      request.callers = await who.identify(request.headers, among)
    } catch (error) {
      request.refusal = error as Error
    }
  })
}
