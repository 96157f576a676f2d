import type { App, HttpParts } from '../app.ts'

export function notificationRoutes(_app: App, _parts: HttpParts): void {}
