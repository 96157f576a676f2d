import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { problemSchema } from '../answers/problem-shapes.ts'
import type { App } from '../app.ts'

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
          '`Idempotency-Key` makes a repeated POST ask for nothing new.',
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
      security: [{ token: [] }, { key: [] }],
    },
    transform: (route) => withProblems(jsonSchemaTransform(route)),
    transformObject: jsonSchemaTransformObject,
  })
  void app.register(swaggerUi, { routePrefix: '/docs' })
}

export function documentRoute(app: App): void {
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
}

type Described = ReturnType<typeof jsonSchemaTransform>

/** Any route may be answered with a problem, in the shape of its product. */
function withProblems({ schema, url }: Described): Described {
  if (schema.hide) return { schema, url }
  const problem = problemSchema(url)
  const response = {
    ...(schema.response as Record<string, unknown> | undefined),
    '4XX': { ...problem, description: 'The request was refused.' },
    '503': { ...problem, description: 'Try again after the seconds of Retry-After.' },
  }
  return { schema: { ...schema, response }, url }
}
