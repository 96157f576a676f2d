import { startGoogle } from '../../google/server.ts'
import { shown } from '../place.ts'
import type { StoreFacts } from '../stack-file.ts'
import { checkedPort } from './aws.ts'
import type { Opened, Setting } from './setting.ts'

/** The issuer of Rundi's tokens; Google itself when the environment names it. */
export async function openGoogle(setting: Setting): Promise<Opened<Pick<StoreFacts, 'google'>>> {
  const directory = setting.place.data('google')
  const server = await startGoogle({ directory, ...(await checkedPort(setting.ports.google)) })
  setting.closing.defer(() => server.stop())
  const { endpoint, issuer, audience, jwksUrl } = server
  const given = setting.given['RUNDI_ISSUER']
  return {
    note: given ? `not used: Rundi trusts ${given}` : `signs for Rundi, in ${shown(directory)}`,
    facts: { google: { endpoint, issuer, audience } },
    env: given ? {} : { RUNDI_ISSUER: issuer, RUNDI_JWKS_URL: jwksUrl, RUNDI_AUDIENCE: audience },
  }
}
