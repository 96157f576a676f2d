import type { App, HttpParts } from '../app.ts'

export function maintenanceRoutes(_app: App, _parts: HttpParts): void {}
