import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { problemSchema } from '../answers/problem-shapes.ts'
import type { App } from '../app.ts'
import { withoutUnused } from './document-components.ts'
import { withHeaders } from './document-headers.ts'
import type { OpenApi } from './document-shape.ts'

/** What callers show who they are with, unless a route says otherwise. */
const credentials = [{ token: [] }, { key: [] }]

/** Describes every route at /openapi.json, and shows it at /docs. To be called before the routes are declared. */
export function describeRoutes(app: App): void {
  void app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Millrace',
        version: '1',
        description:
          'What a web app asks for becomes a job: promised once, done in the background, and undone if it cannot be. ' +
          'A route that asks for a job answers 202 with its receipt; `Prefer: wait=N` waits up to N seconds (at most 30) for the result. ' +
          '`Idempotency-Key` makes a repeated POST ask for nothing new. An address that is there, but not for a method, ' +
          'answers 405 and says in `Allow` for which it is.',
      },
      components: {
        securitySchemes: {
          token: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'JWT',
            description: "A token of the product's own issuer.",
          },
          key: {
            type: 'apiKey',
            in: 'header',
            name: 'X-Millrace-Key',
            description: 'For servers of the product.',
          },
          operator: { type: 'http', scheme: 'basic', description: 'For operators.' },
        },
      },
      security: credentials,
    },
    transform: (declared) => {
      const { schema, url } = jsonSchemaTransform(declared)
      if (schema.hide) return { schema, url }
      return { schema: withProblems(withLink(schema), url, declared.route), url }
    },
    transformObject: (document) =>
      withoutUnused(
        withHeaders(withOptionalBodies(jsonSchemaTransformObject(document) as unknown as OpenApi)),
      ) as object,
  })
  void app.register(swaggerUi, { routePrefix: '/docs' })
}

export function documentRoute(app: App): void {
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
}

/** Where a body may be null there may as well be none; the framework calls every body required. */
function withOptionalBodies(document: OpenApi): OpenApi {
  for (const { requestBody } of Object.values(document.paths).flatMap((path) => Object.values(path))) {
    const shape = requestBody?.content['application/json']?.schema
    if (requestBody && shape?.anyOf?.some(({ type }) => type === 'null')) requestBody.required = false
  }
  return document
}

type Declared = Parameters<typeof jsonSchemaTransform>[0]['route']
type Schema = ReturnType<typeof jsonSchemaTransform>['schema']

/** What takes the signature of a status link needs no other credential. */
function withLink(schema: Schema): Schema {
  const query = schema.querystring as { properties?: object } | undefined
  if (!query?.properties || !('sig' in query.properties)) return schema
  return { ...schema, security: [...credentials, {}] }
}

/** Any route may be answered with a problem, in the shape of its product. What a route says by itself stays. */
function withProblems(schema: Schema, url: string, { config }: Declared): Schema {
  const problem = problemSchema(url)
  const { security = credentials } = schema
  const signsIn = security.some((scheme) => 'operator' in scheme)
  const response = {
    ...(security.length > 0 && { '401': { ...problem, description: 'Nobody we know is calling.' } }),
    // Who fails to sign in too often is slowed down everywhere.
    ...((config?.rateLimit !== false || signsIn) && {
      '429': { ...problem, description: 'Too many requests. Try again after the seconds of Retry-After.' },
    }),
    '503': { ...problem, description: 'Try again after the seconds of Retry-After.' },
    '4XX': { ...problem, description: 'The request was refused.' },
    '5XX': { ...problem, description: 'Something went wrong here.' },
    ...(schema.response as Record<string, unknown> | undefined),
  }
  return { ...schema, response }
}
