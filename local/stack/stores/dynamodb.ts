import { startDynamodb } from '../../launch/dynamodb.ts'
import { shown } from '../place.ts'
import type { StoreFacts } from '../stack-file.ts'
import { endpointElsewhere, type Account } from './aws.ts'
import type { Opened, Setting } from './setting.ts'

/** The DynamoDB of the account, else one of our own. */
export async function openDynamodb(
  setting: Setting,
  account: Account,
): Promise<Opened<Pick<StoreFacts, 'dynamodb'>>> {
  const { region, credentials } = account
  const elsewhere = endpointElsewhere('dynamodb', setting, account)
  if (elsewhere) {
    const { endpoint, env } = elsewhere
    return { note: `${endpoint} of the environment`, facts: { dynamodb: { endpoint, region } }, env }
  }
  const directory = setting.place.data('dynamodb')
  const { dynamodb: port } = setting.ports
  const server = await startDynamodb({ directory, say: setting.say, ...(port === undefined ? {} : { port }) })
  setting.closing.defer(() => server.stop())
  const { endpoint } = server
  return {
    note: `in ${shown(directory)}`,
    facts: { dynamodb: { endpoint, region, ...credentials } },
    env: { AWS_ENDPOINT_URL_DYNAMODB: endpoint },
  }
}
