import type { App, HttpParts } from './app.ts'
import { auditRoutes } from './prework/audit.ts'
import { actsIn } from './prework/caller.ts'
import { profileRoutes } from './prework/profiles.ts'
import { sayInWordsOfPrework } from './prework/refusals.ts'
import { userRoutes } from './prework/users.ts'
import { unavailable } from './answers/problems.ts'

/** What the Pre-Work app calls: who works with it, their profiles, and what was changed by whom. */
export function preworkRoutes(app: App, { prework, log }: HttpParts): void {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('cache-control', 'no-store')
    done()
  })
  app.addHook('preParsing', (_request, _reply, _payload, done) =>
    done((prework ? undefined : unavailable('Pre-Work is not set up here.')) as never),
  )
  sayInWordsOfPrework(app, log)
  const actor = actsIn(prework)
  userRoutes(app, actor)
  profileRoutes(app, actor)
  auditRoutes(app, actor)
}
