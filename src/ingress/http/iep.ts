import type { App, HttpParts } from './app.ts'
import { childRoutes } from './iep/children.ts'
import { documentRoutes } from './iep/documents.ts'
import { parentsOnly } from './iep/parent.ts'
import { progressRoutes } from './iep/progress.ts'
import { profileRoutes } from './iep/profile.ts'
import { sayInWordsOfIep } from './iep/refusals.ts'
import { uploadRoutes } from './iep/uploads.ts'

/** What the AI-IEP web app calls: a parent's profile, the children, and a document of each. */
export function iepRoutes(app: App, parts: HttpParts): void {
  parentsOnly(app)
  sayInWordsOfIep(app, parts.log)
  profileRoutes(app, parts)
  childRoutes(app, parts)
  uploadRoutes(app, parts)
  documentRoutes(app, parts)
  progressRoutes(app, parts)
}
