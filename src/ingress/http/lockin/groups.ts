import type { App, HttpParts } from '../app.ts'

export function groupRoutes(_app: App, _parts: HttpParts): void {}
