import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { readProcfile } from '../../local/stack/procfile.ts'
import { readConfig } from '../../src/shared/config.ts'

const root = path.resolve(import.meta.dirname, '../..')
const compose = parse(readFileSync(path.join(root, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
  services: Record<string, Service>
  volumes: Record<string, null>
}
const dockerfile = readFileSync(path.join(root, 'Dockerfile'), 'utf8')
const services = Object.entries(compose.services)
/** The services that run our own image. */
const ours = services.filter(([, service]) => service.image.startsWith('millrace'))
const processes = readProcfile()

interface Service {
  image: string
  build?: { context: string; target: string; args: Record<string, string> }
  entrypoint?: string[]
  command?: string[]
  environment?: Record<string, string | number>
  volumes?: string[]
  ports?: string[]
  depends_on?: Record<string, { condition: string }>
  healthcheck?: { test: string[] }
  restart?: string
  user?: string
}

describe('docker-compose.yml', () => {
  test('runs every process of the Procfile with the same command, behind the addresses of the stand-ins', () => {
    for (const { name, command } of processes) {
      const service = compose.services[name]
      expect(service?.command, name).toEqual(command)
      expect(service?.entrypoint?.join(' ')).toContain('. /stand-ins/env && exec "$$@"')
      expect(service?.build?.target).toBe('production')
    }
  })

  test('names only files that exist', () => {
    const files = ours.flatMap(([, { command = [] }]) =>
      command.filter((word) => /\.(ts|mjs|js)$/.test(word)),
    )
    expect(files.length).toBe(processes.length + 2)
    for (const file of files) expect(existsSync(path.join(root, file)), file).toBe(true)
    for (const [, { build }] of ours) expect(build?.context).toBe('.')
  })

  test('sets only variables that the configuration knows, and all that it wants', () => {
    const source = readFileSync(path.join(root, 'src/shared/config.ts'), 'utf8')
    for (const [name, { environment }] of ours) {
      if (!environment) continue
      const { MILLRACE_STATE: state, ...env } = environment
      expect(state === undefined || name === 'local').toBe(true)
      for (const variable of Object.keys(env))
        expect(source, variable).toMatch(new RegExp(`\\b${variable}: `))
      const config = readConfig(interpolated(env))
      expect(config.database.url).toBe('postgres://millrace:millrace@postgres:5432/millrace')
      expect(config.redis.url).toBe('redis://redis:6379')
      expect(config.anki).toMatchObject({ collections: '/data/collections', collectionsGid: 10_001 })
    }
  })

  test('lets everybody wait for what they need until it is well, and for services that exist', () => {
    for (const [name, { depends_on: needs = {} }] of services) {
      for (const [needed, { condition }] of Object.entries(needs)) {
        const service = compose.services[needed]
        expect(service, `${name} needs ${needed}`).toBeDefined()
        if (condition === 'service_healthy') expect(service?.healthcheck, needed).toBeDefined()
        // Whoever is to complete must not be started for ever.
        else expect([condition, service?.restart]).toEqual(['service_completed_successfully', 'on-failure'])
      }
    }
    for (const { name } of processes) {
      const needs = Object.keys(compose.services[name]?.depends_on ?? {})
      expect(needs.toSorted()).toEqual(['directories', 'local', 'migrate', 'redis'])
    }
    expect(compose.services['migrate']?.depends_on).toHaveProperty('postgres')
  })

  test('asks every process how it is, at the port it has', () => {
    for (const { name } of processes) {
      const { healthcheck, environment, restart } = compose.services[name] ?? {}
      const port = name === 'web' ? environment?.['PORT'] : environment?.['HEALTH_PORT']
      expect(healthcheck?.test.join(' ')).toContain(`http://127.0.0.1:${port}/readyz`)
      expect(restart).toBe('unless-stopped')
    }
  })

  test('mounts ./efs as /data wherever collections are touched, and declares every other volume', () => {
    for (const name of [...processes.map((line) => line.name), 'directories', 'local'])
      expect(compose.services[name]?.volumes, name).toContain('./efs:/data')
    expect(compose.services['directories']?.command).toContain('/data/collections')
    const named = services.flatMap(([, { volumes = [] }]) =>
      volumes.map((volume) => volume.split(':')[0] ?? ''),
    )
    const declared = Object.keys(compose.volumes)
    expect([...new Set(named)].filter((volume) => !volume.startsWith('.')).toSorted()).toEqual(
      declared.toSorted(),
    )
    // Since version 18 the image keeps its data one level higher.
    expect(compose.services['postgres']?.volumes).toEqual(['postgres:/var/lib/postgresql'])
  })

  test('opens no port twice, and those of the stand-ins to this machine alone', () => {
    const ports = services.flatMap(([, { ports = [] }]) => ports)
    const outside = ports.map((port) => port.split(':').at(-2))
    expect(new Set(outside).size).toBe(ports.length)
    const standIns = readFileSync(path.join(root, 'local/commands/stand-ins.ts'), 'utf8')
    for (const port of compose.services['local']?.ports ?? []) {
      expect(port).toMatch(/^127\.0\.0\.1:(\d+):\1$/)
      expect(standIns).toContain(`: ${port.split(':').at(-1)}`)
    }
    expect(compose.services['web']?.ports).toEqual(['3000:3000'])
  })

  test('keeps Redis from forgetting', () => {
    const { command = [] } = compose.services['redis'] ?? {}
    expect(command.join(' ')).toBe('redis-server --appendonly yes --maxmemory-policy noeviction')
  })
})

describe('the Dockerfile', () => {
  const stages = [...dockerfile.matchAll(/^FROM \S+ AS (\S+)/gm)].map(([, stage]) => stage)

  test('has the stages that the composition builds, production last', () => {
    for (const [, { build }] of ours) expect(stages).toContain(build?.target)
    expect(stages.at(-1)).toBe('production')
  })

  test('copies what production needs and what exists, and runs as nobody in particular', () => {
    const production = dockerfile.slice(dockerfile.indexOf('AS production'))
    const copied = [...production.matchAll(/^COPY (?!--from)(\S+) \S+$/gm)].map(([, file]) => file ?? '')
    expect(copied).toEqual(['package.json', 'migrations', 'src'])
    for (const file of copied) expect(existsSync(path.join(root, file))).toBe(true)
    expect(production).toMatch(/^USER millrace$/m)
    expect(production).toContain('HEALTHCHECK')
    expect(dockerfile).toContain('npm ci --omit=dev')
  })

  test('gives the group of the collections the number that is asked for', () => {
    expect(dockerfile).toContain('ARG COLLECTIONS_GID=10001')
    for (const [, { build }] of ours)
      expect(build?.args).toEqual({ COLLECTIONS_GID: '${COLLECTIONS_GID:-10001}' })
  })

  test('is not sent what it must not contain', () => {
    const ignored = readFileSync(path.join(root, '.dockerignore'), 'utf8').split('\n')
    expect(ignored).toEqual(expect.arrayContaining(['.git', '.local', 'efs', 'node_modules']))
  })
})

/** As Compose does it, in an environment that names nothing. */
function interpolated(env: Record<string, string | number>): Record<string, string> {
  const entries = Object.entries(env).map(([name, value]) => [
    name,
    String(value).replaceAll(/\$\{\w+:-([^}]*)\}/g, (_, otherwise: string) => otherwise),
  ])
  return Object.fromEntries(entries) as Record<string, string>
}
