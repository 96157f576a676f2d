import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { products } from '../../src/shared/config.ts'
import { root } from './place.ts'
import type { Setting } from './stores/setting.ts'

/** What the processes want to know besides where the stores are. What the environment says wins. */
export function processSettings({ given, secrets, place }: Setting): Record<string, string> {
  const { operator, viewer } = secrets
  const usual = {
    MILLRACE_LOCAL: '1',
    OPERATORS: [operator, viewer].map(({ name, role, password }) => `${name}:${role}:${password}`).join(','),
    STATUS_LINK_SECRET: secrets.statusLinkSecret,
    ANKI_AUTH_DB: path.join(place.state, 'data', 'auth.db'),
    // A developer who presses Ctrl-C waits for this; what is not done by then is handed back unspent.
    SHUTDOWN_GRACE_SECONDS: '3',
    ...Object.fromEntries(products.map((product) => [`${product.toUpperCase()}_KEYS`, secrets.keys[product]])),
  }
  const named = Object.entries(usual).map(([name, value]) => [name, given[name] || value] as const)
  return { ...Object.fromEntries(named), ANKI_COLLECTIONS: collectionsOf(given) }
}

/** In production this is a mounted volume; here nobody else makes it. */
function collectionsOf(given: NodeJS.ProcessEnv): string {
  const collections = path.resolve(root, given['ANKI_COLLECTIONS'] || './efs/collections')
  mkdirSync(collections, { recursive: true })
  return collections
}
