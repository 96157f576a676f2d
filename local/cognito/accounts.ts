import {
  AdminUpdateUserAttributesCommand,
  ConfirmSignUpCommand,
  InitiateAuthCommand,
  SignUpCommand,
  UsernameExistsException,
  UserNotConfirmedException,
} from '@aws-sdk/client-cognito-identity-provider'
import type { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider'
import { decodeJwt } from 'jose'
import { clientFor } from './pools.ts'
import { confirmationCode } from './process.ts'

/** Where to sign up: a pool's client. The pools of a `CognitoStack` are such. */
export interface Door {
  endpoint: string
  clientId: string
}

export interface Credentials {
  email: string
  /** Without one, `localPassword`. */
  password?: string
}

/** The password of every local account that was made without one. */
export const localPassword = 'Millrace-2026!'

/**
 * Makes a confirmed account and thereby fires the PostConfirmation trigger, once. An account that is there already
 * is fine (one that was left unconfirmed is confirmed now); its username stays as it is.
 * @throws InvalidPasswordException when the account is there with another password (Cognito: NotAuthorizedException).
 */
export async function signUp(
  { endpoint, clientId }: Door,
  { email, password = localPassword, username }: Credentials & { username?: string },
): Promise<{ sub: string }> {
  const cognito = clientFor(endpoint)
  try {
    const UserAttributes = [
      { Name: 'email', Value: email },
      ...(username === undefined ? [] : [{ Name: 'preferred_username', Value: username }]),
    ]
    const { UserSub: sub = '' } = await cognito.send(
      new SignUpCommand({ ClientId: clientId, Username: email, Password: password, UserAttributes }),
    )
    await confirm(cognito, clientId, email)
    return { sub }
  } catch (error) {
    if (!(error instanceof UsernameExistsException)) throw error
    const { sub } = await signInOrConfirm(cognito, clientId, email, password)
    return { sub }
  } finally {
    cognito.destroy()
  }
}

export interface Tokens {
  idToken: string
  accessToken: string
  refreshToken: string
  sub: string
}

/** @throws InvalidPasswordException (Cognito: NotAuthorizedException), UserNotConfirmedException and so on. */
export async function signIn(
  { endpoint, clientId }: Door,
  { email, password = localPassword }: Credentials,
): Promise<Tokens> {
  const cognito = clientFor(endpoint)
  try {
    return await authenticate(cognito, clientId, email, password)
  } finally {
    cognito.destroy()
  }
}

/**
 * Has the pool vouch for the address of an account, as it does once a code that was sent there came back. The local
 * Cognito sends no codes, so that it vouches for none by itself.
 */
export async function vouchFor(
  { endpoint, poolId }: { endpoint: string; poolId: string },
  email: string,
): Promise<void> {
  const cognito = clientFor(endpoint)
  try {
    await cognito.send(
      new AdminUpdateUserAttributesCommand({
        UserPoolId: poolId,
        Username: email,
        UserAttributes: [
          { Name: 'email', Value: email },
          { Name: 'email_verified', Value: 'true' },
        ],
      }),
    )
  } finally {
    cognito.destroy()
  }
}

async function signInOrConfirm(
  cognito: CognitoIdentityProviderClient,
  clientId: string,
  email: string,
  password: string,
): Promise<Tokens> {
  try {
    return await authenticate(cognito, clientId, email, password)
  } catch (error) {
    if (!(error instanceof UserNotConfirmedException)) throw error
    await confirm(cognito, clientId, email)
    return authenticate(cognito, clientId, email, password)
  }
}

async function confirm(
  cognito: CognitoIdentityProviderClient,
  clientId: string,
  email: string,
): Promise<void> {
  await cognito.send(
    new ConfirmSignUpCommand({ ClientId: clientId, Username: email, ConfirmationCode: confirmationCode }),
  )
}

async function authenticate(
  cognito: CognitoIdentityProviderClient,
  clientId: string,
  email: string,
  password: string,
): Promise<Tokens> {
  const { AuthenticationResult: result } = await cognito.send(
    new InitiateAuthCommand({
      ClientId: clientId,
      AuthFlow: 'USER_PASSWORD_AUTH',
      AuthParameters: { USERNAME: email, PASSWORD: password },
    }),
  )
  if (!result?.IdToken || !result.AccessToken || !result.RefreshToken) {
    throw new Error('Cognito asked for a further step instead of giving tokens')
  }
  return {
    idToken: result.IdToken,
    accessToken: result.AccessToken,
    refreshToken: result.RefreshToken,
    sub: decodeJwt(result.IdToken).sub ?? '',
  }
}
