import { InvalidPasswordException, NotAuthorizedException } from '@aws-sdk/client-cognito-identity-provider'
import { products, type Product } from '../../src/shared/config.ts'
import { signIn, signUp, vouchFor } from '../cognito/accounts.ts'
import { Plain } from '../launch/plain.ts'
import { findPlace } from '../stack/place.ts'
import { readStackFile, type StackFile } from '../stack/stack-file.ts'
import { misunderstood, understand } from './arguments.ts'

const usage = `usage: npm run -s token -- --app <${products.join('|')}> --email <address> [options]
  --password <password>  of the account; it is made with one that needs not be known
  --access               prints the access token instead of the ID token
  --json                 prints all there is as JSON
Signs up in the user pool of the running local stack if need be. For rundi it is a Google ID token.`

/** Prints a token of a user of the local stack, alone on stdout. */
export async function run(args: string[]): Promise<number> {
  const understood = understand(args, {
    usage,
    options: {
      app: { type: 'string' },
      email: { type: 'string' },
      password: { type: 'string' },
      access: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  })
  if ('exit' in understood) return understood.exit
  const { app, email, password, access, json } = understood.values
  if (!isProduct(app)) return misunderstood(`--app must be one of ${products.join(', ')}`, usage).exit
  if (!email || !/^[^@\s]+@[^@\s]+$/.test(email))
    return misunderstood('--email must be an address', usage).exit
  if (app === 'rundi' && (access || password)) {
    return misunderstood('Google gives Rundi ID tokens alone, and asks for no password here', usage).exit
  }

  const stack = readStackFile(findPlace())
  const account = { email, ...(password ? { password } : {}) }
  const tokens = app === 'rundi' ? await askGoogle(stack, email) : await askCognito(stack, app, account)
  console.error(`${email} of ${app} is ${tokens.sub}`)
  if (json) console.log(JSON.stringify({ app, email, ...tokens }))
  else console.log(access && 'accessToken' in tokens ? tokens.accessToken : tokens.idToken)
  return 0
}

function isProduct(name: string | undefined): name is Product {
  return products.includes(name as Product)
}

async function askCognito(
  { cognito }: StackFile,
  app: Product,
  account: { email: string; password?: string },
): Promise<{ sub: string; idToken: string; accessToken: string }> {
  const pool = { endpoint: cognito.endpoint, ...cognito.pools[app] }
  try {
    await signUp(pool, { ...account, username: account.email.split('@')[0] ?? '' })
    await vouchFor(pool, account.email)
    return await signIn(pool, account)
  } catch (error) {
    if (!isWrongPassword(error)) throw error
    throw new Plain(`${account.email} has another password in the pool of ${app}: name it with --password`, {
      cause: error,
    })
  }
}

/** Cognito says the one, cognito-local the other. */
function isWrongPassword(error: unknown): boolean {
  return error instanceof NotAuthorizedException || error instanceof InvalidPasswordException
}

async function askGoogle({ google }: StackFile, email: string): Promise<{ sub: string; idToken: string }> {
  const answer = await fetch(`${google.endpoint}/token`, { method: 'POST', body: JSON.stringify({ email }) })
  if (answer.status === 400) throw new Plain(`the local Google does not take ${email} for an address`)
  if (!answer.ok) throw new Error(`the local Google answered ${answer.status}: ${await answer.text()}`)
  const { id_token: idToken, sub } = (await answer.json()) as { id_token: string; sub: string }
  return { sub, idToken }
}
