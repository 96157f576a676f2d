import { hash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { products, type Config, type Product } from '../shared/config.ts'
import type { Log } from '../shared/log.ts'
import { HttpProblem } from './http/answers/problems.ts'
import { createTokens, InvalidToken } from './tokens.ts'

/** Somebody who proved who they are with a token of the product's issuer. */
export interface UserCaller {
  kind: 'user'
  product: Product
  subject: string
  /** `product:subject`, as the ledger names owners. */
  id: string
  email: string | undefined
  /** The issuer says that the address is theirs. */
  emailVerified: boolean
  claims: Record<string, unknown>
}

/** A server of the product, known by one of its keys. It speaks for all users of the product. */
export interface ServerCaller {
  kind: 'server'
  product: Product
  id: string
}

export type Caller = UserCaller | ServerCaller

/** The header that carries a server key. */
export const KEY_HEADER = 'x-millrace-key'

export interface Who {
  /**
   * Everybody the credentials of a request stand for among these products: at most one for one product. A bearer
   * token is the user; a key beside it is not even looked at, so that a server that passes a user's token on acts as
   * that user and no more.
   * @throws HttpProblem 401 without valid credentials, Unavailable when a token cannot be checked.
   */
  identify(headers: IncomingHttpHeaders, among: readonly Product[]): Promise<Caller[]>
}

export function createWho(config: Pick<Config, 'trust' | 'local'>, log: Log): Who {
  const tokens = createTokens({ ...config, log })
  const keys = products.flatMap((product) =>
    config.trust[product].keys.map((key) => ({
      caller: serverOf(product),
      digest: hash('sha256', key, 'buffer'),
    })),
  )

  const byToken = async (token: string, among: readonly Product[]): Promise<Caller[]> => {
    const candidates = tokens.issuedFor(token, among)
    const verified = await Promise.allSettled(
      candidates.map(async (product) => userOf(product, await tokens.verify(token, product))),
    )
    const callers = verified.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    const refused = verified.find((each) => each.status === 'rejected')
    if (callers.length === 0)
      throw refused?.reason ?? new InvalidToken('The token is from somebody who is not trusted here.')
    return callers
  }

  /** Looks at every key, so that the time tells nothing about which one was close. */
  const byKey = (key: string, among: readonly Product[]): Caller[] => {
    const digest = hash('sha256', key, 'buffer')
    const callers = new Map<Product, Caller>()
    for (const each of keys) {
      const same = timingSafeEqual(each.digest, digest)
      if (same && among.includes(each.caller.product)) callers.set(each.caller.product, each.caller)
    }
    if (callers.size === 0) throw unauthenticated(among, 'The key is not known here.')
    return [...callers.values()]
  }

  return {
    identify: async (headers, among) => {
      const token = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1]
      const key = headers[KEY_HEADER]
      if (token === undefined) {
        if (typeof key === 'string' && key !== '') return byKey(key, among)
        throw unauthenticated(among, 'A bearer token or a server key is needed.')
      }
      try {
        return await byToken(token, among)
      } catch (error) {
        throw error instanceof InvalidToken ? unauthenticated(among, error.message, 'invalid_token') : error
      }
    },
  }
}

/** 401, with what the caller may try as RFC 6750 says it. */
function unauthenticated(among: readonly Product[], message: string, error?: string): HttpProblem {
  const realm = among.length === 1 ? among[0] : 'millrace'
  const why = error === undefined ? '' : `, error="${error}", error_description="${message}"`
  return new HttpProblem(401, 'unauthenticated', message, {
    headers: { 'www-authenticate': `Bearer realm="${realm}"${why}` },
  })
}

const serverOf = (product: Product): ServerCaller => ({ kind: 'server', product, id: `server:${product}` })

function userOf(product: Product, claims: Record<string, unknown>): UserCaller {
  const subject = String(claims['sub'])
  const email = claims['email']
  const verified = claims['email_verified']
  return {
    kind: 'user',
    product,
    subject,
    id: `${product}:${subject}`,
    email: typeof email === 'string' ? email : undefined,
    emailVerified: verified === true || verified === 'true',
    claims,
  }
}
