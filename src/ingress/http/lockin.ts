import type { App, HttpParts } from './app.ts'
import { avatarRoutes } from './lockin/avatars.ts'
import { groupRoutes } from './lockin/groups.ts'
import { inviteRoutes } from './lockin/invites.ts'
import { logRoutes } from './lockin/logs.ts'
import { maintenanceRoutes } from './lockin/maintenance.ts'
import { meRoutes } from './lockin/me.ts'
import { memberRoutes } from './lockin/members.ts'
import { notificationRoutes } from './lockin/notifications.ts'
import { progressRoutes } from './lockin/progress.ts'
import { sayInWordsOfLockin } from './lockin/refusals.ts'
import { sessionRoutes } from './lockin/sessions.ts'

/** What the LockIN app calls: who I am, my groups and how far we are, sessions and their time, and my inbox. */
export function lockinRoutes(app: App, parts: HttpParts): void {
  sayInWordsOfLockin(app, parts.log)
  meRoutes(app, parts)
  avatarRoutes(app, parts)
  groupRoutes(app, parts)
  memberRoutes(app, parts)
  progressRoutes(app, parts)
  sessionRoutes(app, parts)
  logRoutes(app, parts)
  notificationRoutes(app, parts)
  inviteRoutes(app, parts)
  maintenanceRoutes(app, parts)
}
