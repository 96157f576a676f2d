import type { App, HttpParts } from '../app.ts'

export function logRoutes(_app: App, _parts: HttpParts): void {}
