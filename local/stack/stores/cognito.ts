import { products, type Product } from '../../../src/shared/config.ts'
import { startCognito } from '../../cognito/server.ts'
import { shown } from '../place.ts'
import { ensurePrivateFolder } from '../private-file.ts'
import type { StoreFacts } from '../stack-file.ts'
import { checkedPort } from './aws.ts'
import type { Opened, Setting } from './setting.ts'
import type { OpenedSqs } from './sqs.ts'

/**
 * A pool per product, whose confirmed sign-ups go to the queue of events. A product whose issuer the environment
 * names is left to that issuer.
 */
export async function openCognito(
  setting: Setting,
  sqs: OpenedSqs,
): Promise<Opened<Pick<StoreFacts, 'cognito'>>> {
  const { place, ports, closing, given } = setting
  const directory = ensurePrivateFolder(place.data('cognito'))
  const server = await startCognito({
    directory,
    products,
    ...(await checkedPort(ports.cognito)),
    onPostConfirmation: (event) => sqs.send(JSON.stringify(event)),
  })
  closing.defer(() => server.stop())

  const env: Record<string, string> = {}
  const elsewhere: Product[] = []
  for (const product of products) {
    const name = product.toUpperCase()
    const { issuer, jwksUrl, clientId } = server.pools[product]
    if (given[`${name}_ISSUER`]) elsewhere.push(product)
    else
      Object.assign(env, {
        [`${name}_ISSUER`]: issuer,
        [`${name}_JWKS_URL`]: jwksUrl,
        [`${name}_AUDIENCE`]: clientId,
      })
  }
  const note = elsewhere.length > 0 ? `; ${elsewhere.join(', ')} by the issuer of the environment` : ''
  return {
    note: `${products.length} user pools, in ${shown(directory)}${note}`,
    facts: { cognito: { endpoint: server.endpoint, pools: server.pools } },
    env,
  }
}
