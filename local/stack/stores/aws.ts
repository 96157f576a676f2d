import { Plain } from '../../launch/plain.ts'
import { wantPort } from '../../launch/ports.ts'
import type { Setting } from './setting.ts'

/** The account the processes speak to: the given one, or one that only the stand-ins know. */
export interface Account {
  region: string
  credentials: { accessKeyId: string; secretAccessKey: string }
  /** The credentials were given, so what has no endpoint of its own is AWS itself. */
  isAws: boolean
  env: Record<string, string>
}

/** Decides whose credentials are used. Throws `Plain` for half of a pair. */
export function findAccount({ given, secrets }: Setting): Account {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = given
  const region = given['AWS_REGION'] || 'us-east-1'
  if (Boolean(accessKeyId) !== Boolean(secretAccessKey)) {
    throw new Plain(
      'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY go together: set both, or neither for stand-ins',
    )
  }
  const isAws = Boolean(accessKeyId && secretAccessKey)
  const credentials = accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : secrets.aws
  const env = {
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  }
  return { region, credentials, isAws, env }
}

/** Where a service is, when it is not for us to start it. */
export function endpointElsewhere(
  service: 's3' | 'sqs' | 'dynamodb',
  { given }: Setting,
  { isAws, region }: Account,
): { endpoint: string; env: Record<string, string> } | undefined {
  const name = `AWS_ENDPOINT_URL_${service.toUpperCase()}`
  const endpoint = given[name]
  if (endpoint) return { endpoint, env: { [name]: endpoint } }
  return isAws ? { endpoint: `https://${service}.${region}.amazonaws.com`, env: {} } : undefined
}

/** Says in one line when a fixed port is taken, before a server says it in ten. */
export async function checkedPort(port: number | undefined): Promise<{ port?: number }> {
  if (port === undefined) return {}
  await wantPort(port)
  return { port }
}
