import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { inPlainWords } from '../launch/damage.ts'
import { takeLock } from '../launch/lock.ts'
import { Plain } from '../launch/plain.ts'
import { aborted, Asked, listenForEnd } from '../stack/end.ts'
import { forward } from '../stack/forward.ts'
import { findPlace } from '../stack/place.ts'
import { removeStackFile, writeStackFile } from '../stack/stack-file.ts'
import { startStandIns } from '../stack/stores.ts'
import { understand } from './arguments.ts'

const usage = `usage: node local/commands/stand-ins.ts [--host <name>] [--write <file>]
Runs the stand-ins for S3, SQS, DynamoDB, Cognito, Google and Mistral at fixed ports, until it is stopped.
  --host   is reachable by this name from other machines of a private network, whose processes are told so
  --write  this file when everything answers: what a process needs to know of them, for a shell to read`

/** The ports docker-compose.yml names too. */
const ports = { s3: 9000, sqs: 9324, dynamodb: 8000, cognito: 9229, google: 9230, mistral: 9231 }

/** For machines that have Postgres and Redis from elsewhere, such as a composition of containers. */
export async function run(args: string[]): Promise<number> {
  const understood = understand(args, {
    usage,
    options: { host: { type: 'string' }, write: { type: 'string' } },
  })
  if ('exit' in understood) return understood.exit
  const { host, write } = understood.values

  using end = listenForEnd()
  await using closing = new AsyncDisposableStack()
  const place = findPlace()
  const lock = takeLock(place.state, 'a set of stand-ins')
  closing.defer(() => lock.release())
  if (write) rmSync(write, { force: true }) // who waits for it is to wait for us, not for an earlier run
  const standIns = await startStandIns({ place, ports, say: console.log, signal: end.signal })
  closing.defer(() => standIns.stop())
  if (host) for (const port of Object.values(ports)) await forward(port, closing)
  if (write) writeEnvFile(write, host ? seenFrom(host, standIns.env) : standIns.env)
  writeStackFile(place, { ready: true, pid: process.pid, ...standIns.facts })
  closing.defer(() => removeStackFile(place))
  console.log('all stand-ins answer')

  await aborted(end.signal)
  return end.signal.reason instanceof Asked ? 0 : 1
}

/** Issuers are names more than addresses: they stay as they stand in the tokens. */
function seenFrom(host: string, env: Record<string, string>): Record<string, string> {
  const entries = Object.entries(env).map(([name, value]) => [
    name,
    name.endsWith('_ISSUER') ? value : value.replaceAll(/\/\/127\.0\.0\.1:/g, `//${host}:`),
  ])
  return Object.fromEntries(entries) as Record<string, string>
}

/** Whole or not at all: whoever waits for the file reads it at once. */
function writeEnvFile(file: string, env: Record<string, string>): void {
  const lines = Object.entries(env).map(([name, value]) => `${name}='${value.replaceAll("'", `'\\''`)}'\n`)
  writeFileSync(`${file}.new`, lines.join(''), { mode: 0o640 })
  chmodSync(`${file}.new`, 0o640)
  renameSync(`${file}.new`, file)
}

// The door for commands is for development; an image starts this one by itself.
if (import.meta.main) {
  try {
    process.exitCode = await run(process.argv.slice(2))
  } catch (error) {
    const told = inPlainWords(error)
    console.error(told instanceof Plain ? told.message : told)
    process.exitCode = 1
  }
}
