import { Redis as Client } from 'ioredis'
import { Plain } from '../../launch/plain.ts'
import { findRedis, startRedis, type Redis } from '../../launch/redis.ts'
import { shown } from '../place.ts'
import type { Opened, Setting } from './setting.ts'

/** The Redis of REDIS_URL, else one of our own: found, or fetched for this project alone. */
export async function openRedis(setting: Setting): Promise<Opened<{ redis: string }> & { server?: Redis }> {
  const { REDIS_URL: given } = setting.given
  if (!given) return startOwn(setting)

  const { version, policy } = await ask(given)
  const danger = policy === 'noeviction' ? '' : `; its maxmemory-policy is ${policy} and should be noeviction`
  return { note: `${version} of REDIS_URL${danger}`, facts: { redis: given }, env: { REDIS_URL: given } }
}

async function startOwn({ place, closing, say }: Setting) {
  const program = await findRedis({ cache: place.redisPrograms, say: (line) => say(`  ${line}`) })
  const directory = place.data('redis')
  const server = await startRedis({ ...program, directory, say })
  closing.defer(() => server.stop())
  const note = `${server.version} in ${shown(directory)}`
  return { note, facts: { redis: server.url }, env: { REDIS_URL: server.url }, server }
}

async function ask(url: string): Promise<{ version: string; policy: string }> {
  const client = new Client(url, { lazyConnect: true, connectTimeout: 5000, retryStrategy: () => null })
  let trouble: Error | undefined
  client.on('error', (error: Error) => (trouble = error)) // says more than the rejection of connect()
  try {
    await client.connect()
    const info = await client.info()
    const of = (name: string) => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1] ?? 'unknown'
    return { version: of('redis_version'), policy: of('maxmemory_policy') }
  } catch (error) {
    const why = trouble?.message || (error as Error).message
    throw new Plain(`the Redis of REDIS_URL does not answer: ${why}`, { cause: error })
  } finally {
    client.disconnect()
  }
}
