import { startMistral } from '../../mistral/server.ts'
import type { StoreFacts } from '../stack-file.ts'
import { checkedPort, endpointElsewhere, type Account } from './aws.ts'
import type { Opened, Setting } from './setting.ts'

/** Mistral with the key of the environment, else our own stand-in, which keeps nothing. */
export async function openMistral(
  setting: Setting,
  account: Account,
): Promise<Opened<Pick<StoreFacts, 'mistral'>>> {
  const { MISTRAL_API_KEY: key, MISTRAL_URL: given } = setting.given
  if (key) {
    const env = { MISTRAL_API_KEY: key, ...(given ? { MISTRAL_URL: given } : {}) }
    const url = given || 'https://api.mistral.ai'
    // It reads a document from the signed address we give it, and ours are for this machine alone.
    const blind = endpointElsewhere('s3', setting, account) ? '' : '; it cannot reach the S3 stand-in'
    return { note: `${url} with the key of the environment${blind}`, facts: { mistral: url }, env }
  }
  const server = await startMistral({ ...(await checkedPort(setting.ports.mistral)), readLimits })
  setting.closing.defer(() => server.stop())
  const { url, apiKey } = server
  return {
    note: 'a stand-in that reads real documents',
    facts: { mistral: url },
    env: { MISTRAL_API_KEY: apiKey, MISTRAL_URL: url },
  }
}

/** A machine that is busy with a whole stack, and with a developer's tests, may take its time to draw a long scan. */
const readLimits = { milliseconds: 90_000, megabytes: 700 }
