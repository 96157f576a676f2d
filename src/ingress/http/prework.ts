import type { App, HttpParts } from './app.ts'
import { auditRoutes } from './prework/audit.ts'
import { actsIn } from './prework/caller.ts'
import { mediaListRoutes } from './prework/media-lists.ts'
import { uploadRoute } from './prework/media-upload.ts'
import { mediaRoutes } from './prework/media.ts'
import { profileRoutes } from './prework/profiles.ts'
import { sayInWordsOfPrework } from './prework/refusals.ts'
import { submissionRoutes } from './prework/submissions.ts'
import { userRoutes } from './prework/users.ts'
import { unavailable } from './answers/problems.ts'

/** What the Pre-Work app calls: who works with it, their profiles, files and submissions, and what was changed by whom. */
export function preworkRoutes(app: App, http: HttpParts): void {
  const { prework, log } = http
  app.addHook('preParsing', (_request, _reply, _payload, done) =>
    done((prework ? undefined : unavailable('Pre-Work is not set up here.')) as never),
  )
  sayInWordsOfPrework(app, log)
  const actor = actsIn(prework)
  userRoutes(app, actor)
  profileRoutes(app, actor)
  uploadRoute(app, actor, http)
  mediaRoutes(app, actor, http)
  mediaListRoutes(app, actor)
  submissionRoutes(app, actor)
  auditRoutes(app, actor)
}
