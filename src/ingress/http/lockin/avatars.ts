import type { App, HttpParts } from '../app.ts'

export function avatarRoutes(_app: App, _parts: HttpParts): void {}
