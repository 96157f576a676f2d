import { rmSync } from 'node:fs'
import type { Product } from '../../src/shared/config.ts'
import { birthOf } from '../launch/leftovers.ts'
import { Plain } from '../launch/plain.ts'
import type { Place } from './place.ts'
import { readPrivateFile, writePrivateFile } from './private-file.ts'
import type { Operator } from './settings.ts'

/** How to reach the stores; `stack.json` repeats it. */
export interface StoreFacts {
  postgres: string
  /** A url, or the path of a unix socket. */
  redis: string
  s3: { endpoint: string; region: string; buckets: string[] } & LocalCredentials
  sqs: { endpoint: string; region: string; queueUrl: string; deadLetterQueueUrl?: string } & LocalCredentials
  dynamodb: { endpoint: string; region: string } & LocalCredentials
  cognito: { endpoint: string; pools: Record<Product, CognitoPool> }
  google: { endpoint: string; issuer: string; audience: string }
  mistral: string
}

/** Said for stand-ins alone. Whoever uses AWS has the keys already. */
export interface LocalCredentials {
  accessKeyId?: string
  secretAccessKey?: string
}

export interface CognitoPool {
  poolId: string
  clientId: string
  issuer: string
}

/** What a running stack tells every tool that wants to attach. */
export interface StackFile extends StoreFacts {
  /** Everything answered, and it has not begun to stop. A process that is being restarted does not change it. */
  ready: boolean
  /** Of the command that runs the stack: a SIGTERM to it ends everything. */
  pid: number
  web: string
  /** The operators' console. */
  console: string
  /** The living processes, by their names in the Procfile. */
  processes: Record<string, number>
  /** Where each process answers /readyz, /livez and /metrics. */
  health: Record<string, string>
  /** Who may see and change everything at the console. */
  operator: Operator
  /** A server key of each product. */
  keys: Record<Product, string>
  /** Absolute path. */
  collections: string
  /** Absolute path. */
  authDb: string
}

/** Whoever runs only a part of it says only that. */
export function writeStackFile(
  place: Place,
  stack: Partial<StackFile> & Pick<StackFile, 'ready' | 'pid'>,
): void {
  // With when we began, so that another program of our pid is not taken for us one day.
  writePrivateFile(place.stackFile, { ...stack, birth: birthOf(stack.pid) })
}

export function removeStackFile(place: Place): void {
  rmSync(place.stackFile, { force: true })
}

/** The stack that runs at a place. Throws `Plain` when there is none, or when it is still starting. */
export function readStackFile(place: Place): StackFile {
  const stack = readPrivateFile(place.stackFile) as (StackFile & { birth?: string }) | undefined
  if (!stack) throw new Plain('the local stack does not run: start it with npm run dev or npm run demo')
  const birth = birthOf(stack.pid)
  if (birth === undefined || birth !== stack.birth) {
    throw new Plain('the local stack was killed and does not run any more: start it with npm run dev')
  }
  if (!stack.ready) throw new Plain('the local stack is not ready yet: try again in a moment')
  return stack
}
