import { once } from 'node:events'
import { createServer } from 'node:http'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { SignIn } from '../../../src/domains/prework/sign-in.ts'

/** Whoever signs the tokens of Pre-Work in the bench, as a pool of Cognito does. */
export interface Issuer {
  /** Makes a web process trust it. */
  env: Record<string, string>
  /** An ID token. */
  token(signIn: SignIn): Promise<string>
  stop(): Promise<void>
}

export async function startIssuer(): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  const keys = JSON.stringify({
    keys: [{ ...(await exportJWK(publicKey)), kid: KEY, alg: 'RS256', use: 'sig' }],
  })
  const server = createServer((_request, response) => response.end(keys))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const issuer = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/prework`
  return {
    env: { PREWORK_ISSUER: issuer, PREWORK_AUDIENCE: CLIENT },
    token: ({ subject: sub, email, emailVerified }) =>
      new SignJWT({ sub, token_use: 'id', email, email_verified: emailVerified })
        .setProtectedHeader({ alg: 'RS256', kid: KEY })
        .setIssuer(issuer)
        .setAudience(CLIENT)
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(privateKey),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const KEY = 'key-of-the-bench'
const CLIENT = 'prework-bench'
