import { leavesWithin } from '../../src/shared/lifecycle.ts'
import { inPlainWords } from '../launch/damage.ts'
import { takeLock } from '../launch/lock.ts'
import { Plain } from '../launch/plain.ts'
import { findAddresses, type Addresses } from './addresses.ts'
import { aborted, Asked, listenForEnd, type End } from './end.ts'
import { inherited } from './environment.ts'
import { findPlace, type Place } from './place.ts'
import { readProcfile } from './procfile.ts'
import { step, type Say } from './progress.ts'
import { untilReady } from './ready.ts'
import { keysIn, operatorIn } from './settings.ts'
import { removeStackFile, writeStackFile, type StackFile } from './stack-file.ts'
import { startStores, type Stores } from './stores.ts'
import { endLeftovers, supervise, type Supervisor } from './supervise.ts'
import { together } from './together.ts'

export interface StackOptions {
  /** Told how it goes, for people. */
  say: Say
  /** Given every line a process writes. */
  hear: (name: string, line: string) => void
  /** What web does when nobody chose a port and 3000 is taken. */
  otherwise: 'any port' | 'refuse'
  /** How many early deaths of a process in a row end the stack. */
  deaths: number
}

/** A stack in which everything answers. */
export interface Stack {
  place: Place
  stores: Stores
  supervisor: Supervisor
  /** What stands in stack.json. */
  facts(): StackFile
  /** Aborted when the stack is to end. */
  signal: AbortSignal
  /** Resolves when the stack is asked to end; rejects when there is no point in going on. */
  untilEnd(): Promise<void>
}

/**
 * Starts the stores and the processes of the Procfile, lets `use` do something with them, and ends it all, processes
 * first, whether that went well or not. stack.json is there exactly as long.
 * Returns an exit code: 1 when something went wrong, which was told, 130 when somebody ended it before it was done.
 */
export async function withStack(
  options: StackOptions,
  use: (stack: Stack) => Promise<void>,
): Promise<number> {
  using end = listenForEnd()
  const closing = new AsyncDisposableStack()
  let code = 0
  try {
    await use(await start(options, end, closing))
  } catch (error) {
    // What fails because it is told to end is not the reason.
    const reason = inPlainWords(end.signal.aborted ? end.signal.reason : error)
    code = reason instanceof Asked ? 130 : 1
    if (code === 1 && reason !== end.uncaught())
      console.error(reason instanceof Plain ? reason.message : reason)
  }
  await closing.disposeAsync()
  return end.uncaught() ? 1 : code
}

async function start(options: StackOptions, end: End, closing: AsyncDisposableStack): Promise<Stack> {
  const { say, hear, otherwise, deaths } = options
  const place = findPlace()
  const lock = takeLock(place.state, 'the local stack')
  closing.defer(() => lock.release())
  removeStackFile(place)
  closing.defer(() => removeStackFile(place))

  const lines = readProcfile()
  await endLeftovers(lines, place, say)
  const addresses = await findAddresses(lines, process.env, otherwise)
  const stores = await startStores({ place, say, signal: end.signal })
  closing.defer(() => stores.stop())
  end.signal.throwIfAborted()

  let ready = false
  const env = { ...inherited(process.env), ...stores.env }
  const facts = (): StackFile => describe({ ready, stores, addresses, processes: supervisor.pids() })
  const supervisor = supervise({
    lines,
    envOf: (name) => ({ ...env, ...addresses.envOf(name) }),
    hear,
    say,
    onChange: () => writeStackFile(place, facts()),
    deaths,
    onHopeless: end.because,
    patience: leavesWithin(Number(env['SHUTDOWN_GRACE_SECONDS']) * 1000) / 1000 + 1,
    place,
  })
  closing.defer(() => supervisor.stop(end.hurry))
  const waiting = { signal: end.signal, say, seconds: PATIENCE }
  const untilUp = async (name: string): Promise<{ note: string }> => {
    await untilReady(name, addresses.of(name), waiting)
    return { note: addresses.of(name) }
  }
  await together(lines.map(({ name }) => step(say, name, () => untilUp(name))))

  ready = true
  writeStackFile(place, facts())
  closing.defer(() => {
    say('stopping')
    ready = false
    writeStackFile(place, facts())
  })
  const untilEnd = async () => {
    await aborted(end.signal)
    if (!(end.signal.reason instanceof Asked)) throw end.signal.reason
  }
  return { place, stores, supervisor, facts, signal: end.signal, untilEnd }
}

/** How many seconds a process may take to become ready. */
const PATIENCE = 60

interface Running {
  ready: boolean
  stores: Stores
  addresses: Addresses
  processes: Record<string, number>
}

function describe({ ready, stores, addresses, processes }: Running): StackFile {
  const web = addresses.of('web')
  return {
    ready,
    pid: process.pid,
    web,
    console: `${web}/operators/queues`,
    ...stores.facts,
    processes,
    health: addresses.all(),
    operator: operatorIn(stores.env),
    keys: keysIn(stores.env),
    collections: stores.env['ANKI_COLLECTIONS'] ?? '',
    authDb: stores.env['ANKI_AUTH_DB'] ?? '',
  }
}
