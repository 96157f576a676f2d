import type { App, HttpParts } from '../app.ts'

export function sessionRoutes(_app: App, _parts: HttpParts): void {}
