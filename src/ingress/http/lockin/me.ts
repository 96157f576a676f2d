import type { App, HttpParts } from '../app.ts'

export function meRoutes(_app: App, _parts: HttpParts): void {}
