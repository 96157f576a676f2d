import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import path from 'node:path'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { sacrificeFirst, watchMemory } from './guarded/memory.ts'
import { stepBack } from './guarded/priority.ts'
import { inTurn } from './guarded/turns.ts'
import { seconds } from './time.ts'

/**
 * A module that handles what comes from strangers. It gets and gives small JSON; bytes stay in files, whose names it is
 * told. What it does is done when its promise settles: the process is gone then.
 */
export interface GuardedModule {
  guarded(input: never): Promise<unknown>
}

export interface Guard {
  /** How long the work may take, not counting the start of the process. */
  ms: number
  /** How much memory the whole process may take; one that has only started takes about 60 MB. */
  memoryBytes: number
  signal: AbortSignal
  /** Files it may read, and files or folders it may write, beside its own code: nothing else unless named here. */
  reads?: string[]
  writes?: string[]
  /** Whether it may load native code, as image libraries need it. What that does is not held by `reads` and `writes`. */
  addons?: boolean
  /** Whose work it is: when many wait, people take turns. */
  whose?: string
}

/**
 * The process was killed because it took more than it may, or it died or broke off by itself. What it was given is at
 * fault: that it could not even start, or a file was not there, is an error of another kind.
 */
export class GuardTripped extends Error {
  override name = 'GuardTripped'
  readonly reason: 'time' | 'memory' | 'died'

  constructor(reason: GuardTripped['reason'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

/**
 * Runs the module's `guarded` in a process of its own: without our environment, files and native code, for a limited
 * time, in limited memory, with an answer of at most 64 KiB. A few megabytes from a stranger can unfold into gigabytes
 * outside the heap that Node can bound, or keep a processor busy for ever; here only that process falls.
 * As many run at once as is good for the machine, the others wait, each person for their turn. When this settles the process is gone.
 * @throws GuardTripped, or the signal's reason
 */
export function runGuarded<Module extends GuardedModule>(
  module: URL,
  input: Parameters<Module['guarded']>[0],
  guard: Guard,
): Promise<Awaited<ReturnType<Module['guarded']>>> {
  return inTurn(guard.signal, () => run(module, input, guard), guard.whose) as Promise<
    Awaited<ReturnType<Module['guarded']>>
  >
}

const mostAnswerBytes = 64 * 1024

async function run(module: URL, input: unknown, guard: Guard): Promise<unknown> {
  guard.signal.throwIfAborted()
  const child = start(module, guard)
  const end = endOf(child)
  let killedFor: unknown
  const kill = (reason: unknown): void => {
    killedFor ??= reason
    child.kill('SIGKILL')
  }
  const watches: (() => void)[] = []
  try {
    if (child.pid === undefined) return await end // which says why it could not start
    sacrificeFirst(child.pid)
    stepBack(child.pid)
    watches.push(
      watchSignal(guard.signal, kill),
      watchMemory(child.pid, guard.memoryBytes, (blind) =>
        kill(blind ?? new GuardTripped('memory', `It took more than ${guard.memoryBytes} bytes of memory.`)),
      ),
    )
    const talk = converse(child, { module: module.href, input, parent: process.pid }, guard.ms, kill)
    watches.push(talk.stop)
    const how = await end
    if (killedFor !== undefined) throw killedFor
    return answerIn(talk.lines(), how)
  } finally {
    for (const stop of watches) stop()
    child.kill('SIGKILL')
    await end
  }
}

const root = path.resolve(import.meta.dirname, '..', '..')
const entry = path.join(import.meta.dirname, 'guarded', 'child.ts')

function start(module: URL, { memoryBytes, reads = [], writes = [], addons = false }: Guard): ChildProcess {
  const folders = [
    path.join(root, 'src'),
    path.join(root, 'node_modules'),
    path.dirname(fileURLToPath(module)),
  ]
  const code = withRealPaths(folders).map((folder) => path.join(folder, '*'))
  const flags = [
    // The heap alone never reaches what is allowed for all; without this a small machine's heap would end sooner.
    `--max-old-space-size=${Math.ceil(memoryBytes / 2 ** 20)}`,
    '--disallow-code-generation-from-strings',
    '--permission',
    '--allow-worker',
    ...(addons ? ['--allow-addons'] : []),
    ...[...code, path.join(root, 'package.json'), ...reads].map((file) => `--allow-fs-read=${file}`),
    ...writes.map((file) => `--allow-fs-write=${file}`),
  ]
  return spawn(process.execPath, [...flags, entry], {
    env: {},
    // Its complaints may quote what it was given: nobody hears them. It is told, and answers, through a pipe of its own.
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
}

/** What is allowed holds for a path as it is named; modules are loaded from where a link leads to. */
function withRealPaths(folders: string[]): string[] {
  return [
    ...new Set(folders.flatMap((folder) => (existsSync(folder) ? [folder, realpathSync(folder)] : [folder]))),
  ]
}

function watchSignal(signal: AbortSignal, kill: (reason: unknown) => void): () => void {
  const abort = (): void => kill(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  return () => signal.removeEventListener('abort', abort)
}

/**
 * Tells the child its task and collects its lines: `ready` once it has loaded the module, and the answer. Its time runs
 * from the first, so that a busy machine is not held against what is being looked at.
 */
function converse(child: ChildProcess, task: object, ms: number, kill: (reason: unknown) => void) {
  const pipe = child.stdio[3] as Duplex
  let heard = ''
  let timer = setTimeout(() => kill(new Error('A guarded process did not start in time.')), seconds(30))
  let ready = false
  pipe.setEncoding('utf8')
  pipe.on('data', (text: string) => {
    heard += text
    if (!ready && heard.includes('\n')) {
      ready = true
      clearTimeout(timer)
      timer = setTimeout(() => kill(new GuardTripped('time', `It took more than ${ms} ms.`)), ms)
    }
    if (heard.length > mostAnswerBytes) kill(new GuardTripped('died', 'It answered too much.'))
  })
  // It may end without having listened; how it ended says all there is to say.
  pipe.on('error', () => child.kill('SIGKILL'))
  pipe.end(JSON.stringify(task))
  return { lines: () => heard.split('\n'), stop: () => clearTimeout(timer) }
}

/** What the process writes at its end; `failed` is the code of an error of the system: no file, no right, no room. */
export type Answer = { result: unknown } | { failed: string } | { threw: string }

interface End {
  code: number | null
  signal: NodeJS.Signals | null
}

/** Rejects when the process could not be started at all. */
function endOf(child: ChildProcess): Promise<End> {
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
}

function answerIn([ready, answer, rest]: string[], { code, signal }: End): unknown {
  const how = signal ?? `code ${code}`
  if (ready !== 'ready') throw new Error(`A guarded process ended before it began (${how}).`)
  // Nobody else kills like this but the kernel when the machine has no memory left; aborting is V8's way to say so.
  if (signal === 'SIGKILL' || signal === 'SIGABRT')
    throw new GuardTripped('memory', `It ran out of memory (${signal}).`)
  if (answer === undefined || rest === undefined) throw new GuardTripped('died', `It died (${how}).`)
  const said = JSON.parse(answer) as Answer
  if ('failed' in said)
    throw Object.assign(new Error(`A guarded process met ${said.failed}.`), { code: said.failed })
  if ('threw' in said) throw new GuardTripped('died', `It threw: ${said.threw}.`)
  return said.result
}
