import { hash } from 'node:crypto'
import {
  createRemoteJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  jwtVerify,
  type JWTPayload,
  type JWTVerifyGetKey,
} from 'jose'
import type { Config, Product, Trust } from '../shared/config.ts'
import { Unavailable } from '../shared/errors.ts'
import type { Log } from '../shared/log.ts'
import { minutes, seconds } from '../shared/time.ts'

/** A token that proves nothing. The message is a sentence for the caller. */
export class InvalidToken extends Error {
  override name = 'InvalidToken'
}

/** Says what a token proves. */
export interface Tokens {
  /** The products among these whose issuer the token says it is from. */
  issuedFor(token: string, among: readonly Product[]): Product[]
  /**
   * The claims of a token of a product.
   * @throws InvalidToken, or Unavailable when the issuer's keys cannot be had.
   */
  verify(token: string, product: Product): Promise<JWTPayload>
}

/** Cognito and Google both sign with this one; whatever else a token asks for is refused. */
const ALGORITHM = 'RS256'
/** The key of cognito-local, whose private half is public. */
const LOCAL_KEY = 'CognitoLocal'
const REMEMBERED_TOKENS = 10_000
const REMEMBERED_FOR = minutes(1)

export function createTokens(options: { trust: Config['trust']; local: boolean; log: Log }): Tokens {
  const { trust, local, log } = options
  const keysOf = new Map<string, JWTVerifyGetKey>()
  const remembered = new Map<string, { claims: JWTPayload; until: number }>()

  const keysFor = (url: string): JWTVerifyGetKey => {
    const known = keysOf.get(url) ?? createKeys(url, log)
    keysOf.set(url, known)
    return known
  }

  const verifyAnew = async (token: string, product: Product): Promise<JWTPayload> => {
    const { issuer, jwksUrl, audience } = trust[product]
    if (!issuer || !jwksUrl) throw new InvalidToken('No tokens are accepted here.')
    try {
      const { kid } = decodeProtectedHeader(token)
      if (!kid) throw new InvalidToken('The token names no key.')
      if (kid === LOCAL_KEY && !local)
        throw new InvalidToken('The token is signed with a key that is public.')
      const { payload } = await jwtVerify(token, keysFor(certsOf(jwksUrl)), {
        issuer: namesOf(issuer),
        algorithms: [ALGORITHM],
        requiredClaims: ['exp', 'sub'],
        clockTolerance: 5,
      })
      checkUse(payload, product, audience)
      return payload
    } catch (error) {
      throw error instanceof errors.JOSEError || error instanceof TypeError ? asInvalid(error) : error
    }
  }

  return {
    issuedFor: (token, among) => {
      const issuer = issuerOf(token)
      return among.filter((product) => isIssuer(trust[product], issuer))
    },
    verify: async (token, product) => {
      const name = `${product} ${hash('sha256', token, 'base64')}`
      const known = remembered.get(name)
      if (known) remembered.delete(name)
      if (known && known.until > Date.now()) {
        remembered.set(name, known)
        return known.claims
      }
      const claims = await verifyAnew(token, product)
      const until = Math.min((claims.exp ?? 0) * 1000, Date.now() + REMEMBERED_FOR)
      remembered.set(name, { claims, until })
      // The one that was not used for longest is the first of the map.
      if (remembered.size > REMEMBERED_TOKENS) remembered.delete(remembered.keys().next().value as string)
      return claims
    },
  }
}

const google = { issuer: 'https://accounts.google.com', certs: 'https://www.googleapis.com/oauth2/v3/certs' }

/** Google signs the same tokens under its name with and without the scheme. */
const namesOf = (issuer: string): string[] =>
  issuer === google.issuer ? [google.issuer, 'accounts.google.com'] : [issuer]

/** Google keeps its keys on another host than the rule for issuers says. */
const certsOf = (jwksUrl: string): string =>
  jwksUrl.startsWith(`${google.issuer}/.well-known/`) ? google.certs : jwksUrl

function isIssuer({ issuer }: Trust, claimed: string): boolean {
  return issuer !== undefined && namesOf(issuer).includes(claimed)
}

function issuerOf(token: string): string {
  try {
    return decodeJwt(token).iss ?? ''
  } catch (error) {
    throw asInvalid(error)
  }
}

/**
 * An ID token says in `aud` whom it is for, a Cognito access token in `client_id`. Google's ID tokens, which Rundi
 * takes, do not say their use.
 */
function checkUse(claims: JWTPayload, product: Product, audience: string[]): void {
  if (typeof claims.sub !== 'string' || claims.sub === '' || claims.sub.length > 255)
    throw new InvalidToken('The token does not say who it is about.')
  const use = claims['token_use'] ?? (product === 'rundi' ? 'id' : undefined)
  if (use !== 'id' && use !== 'access')
    throw new InvalidToken('The token is neither an ID token nor an access token.')
  const clients = use === 'access' ? [claims['client_id']] : [claims.aud].flat()
  if (!clients.some((client) => typeof client === 'string' && audience.includes(client)))
    throw new InvalidToken('The token is for somebody else.')
}

function asInvalid(error: unknown): InvalidToken {
  const expired = error instanceof errors.JWTExpired
  return new InvalidToken(expired ? 'The token has expired.' : 'The token is not valid.', { cause: error })
}

/** How often keys are fetched anew, and how long the last good ones serve while they cannot be. */
const FRESH_FOR = minutes(10)
const GOOD_FOR = minutes(24 * 60)

/**
 * The keys of one issuer: fetched when first needed, when a token names a key that is not known (at most every half
 * minute), and every ten minutes in the background; should that fail, the last good set goes on serving for a day.
 */
function createKeys(url: string, log: Log): JWTVerifyGetKey {
  const remote = createRemoteJWKSet(new URL(url), {
    timeoutDuration: seconds(3),
    cooldownDuration: seconds(30),
    cacheMaxAge: GOOD_FOR,
  })
  let triedAt = 0

  const refresh = (): void => {
    if (performance.now() - triedAt < FRESH_FOR) return
    triedAt = performance.now()
    if (remote.jwks() === undefined) return
    remote
      .reload()
      .catch((error: unknown) =>
        log.warn({ err: error }, 'could not refresh the keys of an issuer; the last good ones serve'),
      )
  }

  return async (header, token) => {
    refresh()
    try {
      return await remote(header, token)
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JOSENotSupported) throw error
      throw new Unavailable('The keys that tokens are checked with cannot be had at the moment.', 5, {
        cause: error,
      })
    }
  }
}
