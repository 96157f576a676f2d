import { randomBytes } from 'node:crypto'
import { products, type Product } from '../../src/shared/config.ts'
import type { Place } from './place.ts'
import { readPrivateFile, writePrivateFile } from './private-file.ts'

/** What must not be guessed, even on one's own machine: every user of it can reach the loopback interface. */
export interface Secrets {
  /** The server key of each product. */
  keys: Record<Product, string>
  operatorPassword: string
  viewerPassword: string
  statusLinkSecret: string
  /** What requests to the local S3 are signed with. */
  aws: { accessKeyId: string; secretAccessKey: string }
}

/** The secrets of a state: made up at the first start, the same at every later one. */
export function ensureSecrets(place: Place): Secrets {
  const known = (readPrivateFile(place.secretsFile) ?? {}) as Partial<Secrets>
  const made = makeSecrets()
  // A later version may need a secret more than the one that wrote the file.
  const secrets = { ...made, ...known, keys: { ...made.keys, ...known.keys } }
  writePrivateFile(place.secretsFile, secrets)
  return secrets
}

function makeSecrets(): Secrets {
  return {
    keys: Object.fromEntries(
      products.map((product) => [product, `${product}-${random(18)}`]),
    ) as Secrets['keys'],
    operatorPassword: random(12),
    viewerPassword: random(12),
    statusLinkSecret: random(32),
    aws: { accessKeyId: 'local', secretAccessKey: random(24) },
  }
}

/** Without `-` and `_`, which a double click doesn't select; and no comma or colon, which separate accounts. */
function random(bytes: number): string {
  return randomBytes(bytes).toString('base64url').replaceAll(/[-_]/g, 'x')
}
