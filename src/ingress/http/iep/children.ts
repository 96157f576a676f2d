import { z } from 'zod'
import { addChild, findAdded } from '../../../domains/iep/children.ts'
import { holdProfile } from '../../../domains/iep/profiles.ts'
import type { App, HttpParts } from '../app.ts'
import { once } from '../asking/once.ts'
import { parentOf } from './parent.ts'
import { childFields } from './profile.ts'
import { inTransaction } from '../transaction.ts'

const added = z
  .object({ message: z.string(), childId: z.string(), createdAt: z.number(), updatedAt: z.number() })
  .meta({ id: 'IepChildAdded', description: 'Times are milliseconds since 1970.' })

export function childRoutes(app: App, { asking }: HttpParts): void {
  app.post(
    '/profile/children',
    {
      schema: {
        tags: ['iep'],
        summary: 'Adds a child',
        body: childFields,
        response: { 200: added },
      },
    },
    async (request) => {
      const userId = parentOf(request)
      const child = await inTransaction(asking.database, async (tx) => {
        await holdProfile(tx, userId)
        return once(tx, request, {
          make: () => addChild(tx, userId, request.body),
          again: (childId) => findAdded(tx, userId, childId),
          idOf: (made) => made.childId,
        })
      })
      return { message: 'Kid added successfully', ...child }
    },
  )
}
