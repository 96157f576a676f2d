import type { App, HttpParts } from '../app.ts'

export function memberRoutes(_app: App, _parts: HttpParts): void {}
