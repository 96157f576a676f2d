import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { ask } from '../../../jobs/define.ts'
import { archiveExpiredGroups } from '../../../jobs/lockin/archive-expired-groups.ts'
import { forbidden } from '../answers/problems.ts'
import { receipt } from '../answers/receipt.ts'
import type { App, HttpParts } from '../app.ts'
import { createLogin, mayChange } from '../operators/login.ts'

const archived = z
  .object({ archived: z.number(), activated: z.number(), more: z.boolean() })
  .meta({ id: 'LockinArchived', description: 'What the first batch came to; `more`: others follow it.' })

/** What the clock does by itself, for operators and servers that cannot wait for it. */
export function maintenanceRoutes(app: App, { config, askFor }: HttpParts): void {
  const login = config.operators.length > 0 ? createLogin(app, config.operators) : undefined

  app.post(
    '/api/maintenance/archive-expired-groups',
    {
      onRequest: async (request) => {
        if (!login || !isBasic(request) || request.callers.length > 0) return
        // An operator has no token of the product, and needs none here.
        await login.check(request)
        request.refusal = undefined
      },
      schema: {
        tags: ['lockin'],
        summary: 'Archives the groups whose end has come',
        description:
          'For operators (HTTP Basic, with `X-Millrace-Operator`) and servers of the product; the clock asks for the same ' +
          'every minute. Done in batches that follow one another; `Prefer: wait=N` answers with the first.',
        security: [{ operator: [] }, { key: [] }],
        response: { 200: archived, 202: receipt },
      },
    },
    (request, reply) => {
      if (request.operator) mayChange(request)
      else if (request.callers[0]?.kind !== 'server')
        throw forbidden('This is for operators and servers of LockIN.')
      return askFor(request, reply, ask(archiveExpiredGroups, { slot: new Date().toISOString() }))
    },
  )
}

const isBasic = ({ headers }: FastifyRequest): boolean => /^Basic /i.test(headers.authorization ?? '')
