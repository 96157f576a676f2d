import { createServer } from 'node:http'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose'

/** Somebody who signs tokens and publishes the keys, as Cognito and Google do. */
export interface Issuer {
  /** Makes a world trust it: for Anki, IEP, LockIN and Pre-Work like a Cognito pool each, for Rundi like Google. */
  env: Record<string, string>
  url: string
  /** A token of a Cognito pool's kind. */
  cognito(claims: JWTPayload, changes?: Changes): Promise<string>
  /** An ID token of Google's kind for Rundi. */
  google(claims: JWTPayload, changes?: Changes): Promise<string>
  /** Publishes a new key from now on and signs with it. */
  rotate(): Promise<void>
  /** How often the keys were fetched. */
  fetched(): number
  /** Answers nothing but errors until told otherwise. */
  away(is: boolean): void
  close(): Promise<void>
}

export interface Changes {
  issuer?: string
  kid?: string
  /** Seconds from now. */
  expires?: number | 'never'
  notBefore?: number
  key?: CryptoKey
}

/** Made once per process, since it takes a while; a key that is rotated to is always new. */
let firstPair: ReturnType<typeof generateKeyPair> | undefined

export async function startIssuer(): Promise<Issuer> {
  let generation = 1
  let pair = await (firstPair ??= generateKeyPair('RS256'))
  let fetches = 0
  let isAway = false

  const server = createServer((_request, response) => {
    fetches += 1
    if (isAway) return void response.writeHead(500).end()
    exportJWK(pair.publicKey).then(
      (jwk) =>
        response.end(
          JSON.stringify({ keys: [{ ...jwk, kid: `key-${generation}`, alg: 'RS256', use: 'sig' }] }),
        ),
      () => response.writeHead(500).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`

  const sign = (claims: JWTPayload, from: string, changes: Changes): Promise<string> => {
    const now = Math.floor(Date.now() / 1000)
    const token = new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid: changes.kid ?? `key-${generation}` })
      .setIssuer(changes.issuer ?? from)
      .setIssuedAt(now)
    if (changes.expires !== 'never') token.setExpirationTime(now + (changes.expires ?? 600))
    if (changes.notBefore !== undefined) token.setNotBefore(now + changes.notBefore)
    return token.sign(changes.key ?? pair.privateKey)
  }

  return {
    url,
    env: {
      ANKI_ISSUER: `${url}/anki`,
      ANKI_AUDIENCE: 'anki-client',
      IEP_ISSUER: `${url}/iep`,
      IEP_AUDIENCE: 'iep-client',
      LOCKIN_ISSUER: `${url}/lockin`,
      LOCKIN_AUDIENCE: 'lockin-client',
      PREWORK_ISSUER: `${url}/prework`,
      PREWORK_AUDIENCE: 'prework-client',
      RUNDI_ISSUER: 'https://accounts.google.com',
      RUNDI_JWKS_URL: `${url}/certs`,
      RUNDI_AUDIENCE: 'rundi-client',
    },
    cognito: (claims, changes = {}) =>
      sign({ token_use: 'id', aud: 'anki-client', ...claims }, `${url}/anki`, changes),
    google: (claims, changes = {}) =>
      sign({ aud: 'rundi-client', email_verified: true, ...claims }, 'https://accounts.google.com', changes),
    rotate: async () => {
      pair = await generateKeyPair('RS256')
      generation += 1
    },
    fetched: () => fetches,
    away: (is) => {
      isAway = is
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
