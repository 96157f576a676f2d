import type { App, HttpParts } from '../app.ts'

export function inviteRoutes(_app: App, _parts: HttpParts): void {}
