import type { App, HttpParts } from '../app.ts'

export function progressRoutes(_app: App, _parts: HttpParts): void {}
