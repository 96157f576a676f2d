import type { Acting } from '../../../src/domains/prework/audit.ts'
import { SERVER } from '../../../src/domains/prework/permissions.ts'

/** Servers act under this name, as administrators. */
export const server: Acting = {
  userId: SERVER,
  role: 'administrator',
  origin: { ip: '127.0.0.1', userAgent: 'bench', requestId: 'bench' },
}
