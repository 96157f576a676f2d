import { AdminGetUserCommand, UserNotFoundException } from '@aws-sdk/client-cognito-identity-provider'
import { clientFor, type Pool } from '../../cognito/pools.ts'

export type UserPool = Pick<Pool, 'endpoint' | 'poolId' | 'clientId'>

/** An address nobody has in the pool: `name@example.org` the first time, later a namesake's, as a sign-up happens once. */
export async function findNewcomer(
  pool: UserPool,
  name: string,
): Promise<{ email: string; known?: { email: string; sub: string } }> {
  const email = `${name}@example.org`
  const sub = await findUser(pool, email)
  if (sub === undefined) return { email }
  const namesake = `${name}.${new Date().toISOString().replaceAll(/\D/g, '')}@example.org`
  return { email: namesake, known: { email, sub } }
}

/** The `sub` of a user of the pool. */
async function findUser({ endpoint, poolId }: UserPool, email: string): Promise<string | undefined> {
  const cognito = clientFor(endpoint)
  try {
    const user = await cognito.send(new AdminGetUserCommand({ UserPoolId: poolId, Username: email }))
    return user.UserAttributes?.find(({ Name }) => Name === 'sub')?.Value
  } catch (error) {
    if (error instanceof UserNotFoundException) return undefined
    throw error
  } finally {
    cognito.destroy()
  }
}
