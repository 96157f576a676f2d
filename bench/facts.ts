import { readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import path from 'node:path'
import type { Stack } from './stack.ts'

/** What one must know to compare the numbers with others. */
export interface Facts {
  date: string
  machine: { processor: string; cores: number; memoryGb: number; loadBefore: number }
  versions: Record<string, string>
  durability: Record<string, string>
  settings: Record<string, string>
  payload: unknown
}

export function gatherFacts(stack: Stack, payload: unknown): Facts {
  const [processor] = cpus()
  return {
    date: new Date().toISOString(),
    machine: {
      processor: processor?.model ?? 'unknown',
      cores: cpus().length,
      memoryGb: Math.round(totalmem() / 2 ** 30),
      loadBefore: loadavg()[0] ?? 0,
    },
    versions: {
      node: process.versions.node,
      postgres: stack.databases.version,
      redis: stack.redis.version,
      ...packages,
    },
    durability: { ...stack.databases.durability, ...stack.redis.durability },
    settings: {
      'connections to Postgres, each process': stack.env['DATABASE_POOL'] ?? '',
      'log level of millrace': stack.env['LOG_LEVEL'] ?? '',
      'requests a minute millrace allows': stack.env['RATE_LIMIT_PER_MINUTE'] ?? '',
    },
    payload,
  }
}

const packages = Object.fromEntries(
  ['bullmq', 'pg-boss', 'graphile-worker', 'fastify', 'ioredis', 'pg', 'autocannon', 'sharp'].map((name) => [
    name,
    versionOf(name),
  ]),
)

function versionOf(name: string): string {
  const manifest = path.join(import.meta.dirname, '..', 'node_modules', name, 'package.json')
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
}

/** The facts as lines of text. */
export function drawFacts({ date, machine, versions, durability, settings, payload }: Facts): string {
  const list = (facts: Record<string, string>): string =>
    Object.entries(facts)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')
  return [
    'Conditions',
    `  machine     ${machine.cores} cores (${machine.processor}), ${machine.memoryGb} GB, shared by load, servers and stores; load before ${machine.loadBefore.toFixed(1)}`,
    `  versions    ${list(versions)}`,
    `  durability  ${list(durability)}, the same for all`,
    `  settings    ${list(settings)}`,
    `  payload     ${JSON.stringify(payload)}`,
    `  date        ${date}`,
  ].join('\n')
}
