import { createServer } from '../../../../src/ingress/server.ts'
import { startWatch } from '../../../../src/jobs/watch.ts'
import { openBlockingRedis } from '../../../../src/shared/redis.ts'
import { createFamily, type Family } from '../../../jobs/iep/family.ts'
import { startIssuer } from '../issuer.ts'
import { bearer } from '../web.ts'

/** A family whose parent has the API as well, while this process works on the documents. */
export interface Parent extends AsyncDisposable {
  family: Family
  /** Says it by `PUT /profile`, and is answered. */
  consent(consentGiven: boolean): Promise<void>
  progress(): Promise<{ step: string; languages: Record<string, string>; waitingFor?: string }>
  deleteDocuments(): Promise<void>
}

export async function startParent(): Promise<Parent> {
  const issuer = await startIssuer()
  const family = await createFamily({ env: issuer.env })
  const { world, userId, childId } = family
  const { config, log, metrics, asking, lifecycle } = world
  const subscriber = openBlockingRedis(config.redis.url, log)
  const watch = await startWatch({ run: asking.database.run, subscriber, log })
  const stopping = lifecycle.stopping
  const app = createServer({ config, log, metrics, asking, watch, running: () => undefined, stopping })
  await app.ready()
  const token = await issuer.cognito({ sub: userId, aud: 'iep-client' }, { issuer: `${issuer.url}/iep` })
  const call = async (method: 'GET' | 'PUT' | 'DELETE', url: string, payload?: object) => {
    const headers = bearer(token)
    const answer = await app.inject({ method, url: `/iep${url}`, headers, ...(payload ? { payload } : {}) })
    if (answer.statusCode !== 200) throw new Error(`${method} ${url} was answered ${answer.statusCode}.`)
    return answer.json()
  }
  const documents = `/profile/children/${childId}/documents`

  return {
    family,
    consent: async (consentGiven) => {
      await call('PUT', '/profile', { consentGiven })
    },
    progress: () => call('GET', `${documents}/progress`),
    deleteDocuments: async () => {
      await call('DELETE', documents)
    },
    [Symbol.asyncDispose]: async () => {
      await app.close()
      await watch.close()
      await family[Symbol.asyncDispose]()
      await issuer.close()
    },
  }
}
