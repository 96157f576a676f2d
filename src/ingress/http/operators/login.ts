import { hash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { OperatorAccount } from '../../../shared/config.ts'
import { minutes } from '../../../shared/time.ts'
import type { App } from '../app.ts'
import { addressOf } from '../edge/limits.ts'
import { forbidden, HttpProblem } from '../answers/problems.ts'

/** Lets operators in, by HTTP Basic. */
export interface Login {
  /**
   * Makes the request an operator's.
   * @throws HttpProblem 401, or 429 to an address that failed ten times within a minute.
   */
  check(request: FastifyRequest): Promise<void>
}

const FAILURES_AT_MOST = 10

/** To be called once the rate limit is there. */
export function createLogin(app: App, accounts: readonly OperatorAccount[]): Login {
  const failures = app.createRateLimit({
    max: FAILURES_AT_MOST,
    timeWindow: minutes(1),
    keyGenerator: addressOf,
  })
  const known = accounts.map((account) => ({ account, digest: digestOf(account.name, account.password) }))

  return {
    check: async (request) => {
      const before = await failures(request, { increment: false })
      if (!before.isAllowed && before.remaining === 0) throw tooManyFailures(before.ttlInSeconds)
      const given = credentialsOf(request.headers.authorization)
      const account = given && matching(known, digestOf(given.name, given.password))
      if (account) {
        request.operator = account
        return
      }
      // A browser first asks without credentials; that is no failure.
      if (given) await failures(request)
      throw new HttpProblem(401, 'unauthenticated', 'An operator must sign in.', {
        headers: { 'www-authenticate': 'Basic realm="millrace operators", charset="UTF-8"' },
      })
    },
  }
}

/** @throws HttpProblem 403 unless the operator may change things and means to. */
export function mayChange(request: FastifyRequest): void {
  if (request.operator?.role !== 'operator') throw forbidden('Viewers may look but not change anything.')
  // A browser adds the credentials to whatever page asks; a foreign page can set neither of these.
  const ours =
    request.headers['sec-fetch-site'] === 'same-origin' ||
    request.headers['x-millrace-operator'] !== undefined
  if (!ours) throw forbidden('Say that you mean it: send the header X-Millrace-Operator, with any value.')
}

/** Looks at every account, so that the time tells nothing. */
function matching(
  known: { account: OperatorAccount; digest: Buffer }[],
  digest: Buffer,
): OperatorAccount | undefined {
  let found: OperatorAccount | undefined
  for (const each of known) if (timingSafeEqual(each.digest, digest)) found = each.account
  return found
}

function credentialsOf(header: string | undefined): { name: string; password: string } | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/=_-]+) *$/i.exec(header ?? '')?.[1]
  if (encoded === undefined) return undefined
  const [name = '', ...password] = Buffer.from(encoded, 'base64').toString('utf8').split(':')
  return { name, password: password.join(':') }
}

/** A name has no colon, so that two different pairs never read the same. */
const digestOf = (name: string, password: string): Buffer => hash('sha256', `${name}:${password}`, 'buffer')

const tooManyFailures = (seconds: number): HttpProblem =>
  new HttpProblem(429, 'too-many-requests', 'Too many failed sign-ins. Please wait.', {
    headers: { 'retry-after': String(Math.max(1, seconds)) },
  })
