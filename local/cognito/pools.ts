import {
  CognitoIdentityProviderClient,
  CreateUserPoolClientCommand,
  CreateUserPoolCommand,
  ListUserPoolClientsCommand,
  ListUserPoolsCommand,
} from '@aws-sdk/client-cognito-identity-provider'

export interface Pool {
  endpoint: string
  poolId: string
  clientId: string
  /** Exactly the `iss` of the pool's tokens. */
  issuer: string
  jwksUrl: string
}

/** One pool and one client per product, made if they are not there; found again by their names. */
export async function ensurePools<Product extends string>(
  endpoint: string,
  products: readonly Product[],
): Promise<Record<Product, Pool>> {
  const cognito = clientFor(endpoint)
  try {
    const pools: Partial<Record<Product, Pool>> = {}
    for (const product of products) {
      const poolId = await ensurePool(cognito, `millrace-${product}`)
      const clientId = await ensureClient(cognito, poolId)
      const issuer = `${endpoint}/${poolId}`
      pools[product] = { endpoint, poolId, clientId, issuer, jwksUrl: `${issuer}/.well-known/jwks.json` }
    }
    return pools as Record<Product, Pool>
  } finally {
    cognito.destroy()
  }
}

/** A client of the local Cognito. It takes any credentials. Destroy it when done: it keeps its connections. */
export function clientFor(endpoint: string): CognitoIdentityProviderClient {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  return new CognitoIdentityProviderClient({ endpoint, region: 'local', credentials, maxAttempts: 1 })
}

async function ensurePool(cognito: CognitoIdentityProviderClient, name: string): Promise<string> {
  const { UserPools = [] } = await cognito.send(new ListUserPoolsCommand({ MaxResults: 60 }))
  const existing = UserPools.find((pool) => pool.Name === name)
  if (existing?.Id) return existing.Id
  const made = await cognito.send(
    new CreateUserPoolCommand({
      PoolName: name,
      UsernameAttributes: ['email'],
      AutoVerifiedAttributes: ['email'],
    }),
  )
  return required(made.UserPool?.Id, 'pool id')
}

async function ensureClient(cognito: CognitoIdentityProviderClient, poolId: string): Promise<string> {
  const { UserPoolClients = [] } = await cognito.send(
    new ListUserPoolClientsCommand({ UserPoolId: poolId, MaxResults: 60 }),
  )
  const existing = UserPoolClients.find((client) => client.ClientName === 'web')
  if (existing?.ClientId) return existing.ClientId
  const made = await cognito.send(
    new CreateUserPoolClientCommand({
      UserPoolId: poolId,
      ClientName: 'web',
      ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
      // The longest Cognito allows, so that a token printed in the morning is good until the evening.
      AccessTokenValidity: 24,
      IdTokenValidity: 24,
      TokenValidityUnits: { AccessToken: 'hours', IdToken: 'hours' },
    }),
  )
  return required(made.UserPoolClient?.ClientId, 'client id')
}

function required(value: string | undefined, what: string): string {
  if (!value) throw new Error(`cognito-local answered without a ${what}`)
  return value
}
