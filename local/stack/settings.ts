import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { products, type Product } from '../../src/shared/config.ts'
import { root } from './place.ts'
import type { Setting } from './stores/setting.ts'

/** What the processes want to know besides where the stores are. What the environment says wins. */
export function processSettings({ given, secrets, place }: Setting): Record<string, string> {
  const usual = {
    MILLRACE_LOCAL: '1',
    OPERATORS: `operator:operator:${secrets.operatorPassword},viewer:viewer:${secrets.viewerPassword}`,
    STATUS_LINK_SECRET: secrets.statusLinkSecret,
    ANKI_AUTH_DB: path.join(place.state, 'data', 'auth.db'),
    // A developer who presses Ctrl-C waits for this; what is not done by then is handed back unspent.
    SHUTDOWN_GRACE_SECONDS: '3',
    ...Object.fromEntries(
      products.map((product) => [`${product.toUpperCase()}_KEYS`, secrets.keys[product]]),
    ),
  }
  const named = Object.entries(usual).map(([name, value]) => [name, given[name] || value] as const)
  return { ...Object.fromEntries(named), ANKI_COLLECTIONS: collectionsOf(given) }
}

export interface Operator {
  name: string
  role: string
  password: string
}

/** The first account that may change things, of those in OPERATORS. */
export function operatorIn({ OPERATORS = '' }: Record<string, string>): Operator {
  const accounts = OPERATORS.split(',').map((account) => {
    const [name = '', role = '', ...password] = account.trim().split(':')
    return { name, role, password: password.join(':') }
  })
  return accounts.find(({ role }) => role === 'operator') ?? { name: '', role: '', password: '' }
}

/** The first server key of each product. */
export function keysIn(env: Record<string, string>): Record<Product, string> {
  const keys = products.map((product) => [
    product,
    env[`${product.toUpperCase()}_KEYS`]?.split(',')[0]?.trim(),
  ])
  return Object.fromEntries(keys) as Record<Product, string>
}

/** In production this is a mounted volume; here nobody else makes it. */
function collectionsOf(given: NodeJS.ProcessEnv): string {
  const collections = path.resolve(root, given['ANKI_COLLECTIONS'] || './efs/collections')
  mkdirSync(collections, { recursive: true })
  return collections
}
