// The door to everything that is run by hand: node local/cli.mjs <command> [arguments]
// Plain JavaScript, because the Node that reads it may be too old for TypeScript. Then it finds one that isn't.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import module from 'node:module'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const commands = ['demo', 'dev', 'start', 'token', 'migrate', 'provision', 'codegen', 'bench', 'stand-ins']
const here = path.dirname(fileURLToPath(import.meta.url))
const [command, ...args] = process.argv.slice(2)

// Compiled code is kept, which makes a start three times as fast; Node does without where it can't write.
process.env.NODE_COMPILE_CACHE ??= path.join(here, '..', '.local', 'compile-cache')

endWithNpm()

const newerNode = isGood(process.versions.node) ? undefined : findShippedNode()
if (!command || !commands.includes(command)) {
  const problem = command ? `there is no command "${command}";` : 'which command?'
  console.error(`${problem} there are: ${commands.join(', ')}`)
  process.exitCode = 2
} else if (newerNode) {
  handOver(newerNode)
} else if (canRunTypeScript(process.versions.node)) {
  process.exitCode = await runHere(path.join(here, 'commands', `${command}.ts`))
} else {
  console.error(
    `this needs Node 24 and runs on ${process.versions.node}, and npm brought no Node 24 for ` +
      `${process.platform} ${process.arch}: install one from https://nodejs.org/ and try again`,
  )
  process.exitCode = 1
}

async function runHere(file) {
  if (!existsSync(file)) {
    console.error(`the command "${command}" is not part of this copy: ${file} is missing`)
    return 1
  }
  module.enableCompileCache?.(process.env.NODE_COMPILE_CACHE)
  const { Plain } = await import('./launch/plain.ts')
  const { inPlainWords } = await import('./launch/damage.ts')
  try {
    const { run } = await import(pathToFileURL(file).href)
    return (await run(args)) ?? process.exitCode ?? 0
  } catch (error) {
    const told = inPlainWords(error)
    console.error(told instanceof Plain ? told.message : told)
    process.exit(1) // what it had already started would keep us here; it ends with us
  }
}

/**
 * A person who ends npm means all of it, but npm passes on no SIGKILL, and a shell between it and us passes on nothing.
 * Only npm is watched: who starts us from a shell may leave that shell.
 */
function endWithNpm() {
  const parent = process.ppid
  if (process.env.npm_lifecycle_event !== command || parent === 1) return
  const looking = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(looking)
    process.kill(process.pid, 'SIGTERM')
  }, 250).unref()
}

/** Runs TypeScript and node:sqlite without a word on stderr. */
function isGood(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > 24 || (major === 24 && minor >= 15)
}

/** Runs TypeScript, if with a warning. */
function canRunTypeScript(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > 23 || (major === 22 && minor >= 18) || (major === 23 && minor >= 6)
}

/** The Node that npm brought as a package, which needs no install script. */
function findShippedNode() {
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const { resolve } = module.createRequire(import.meta.url)
  try {
    const manifest = resolve(`node-${platform}-${process.arch}/package.json`)
    const node = path.join(path.dirname(manifest), 'bin', platform === 'win' ? 'node.exe' : 'node')
    return existsSync(node) && spawnSync(node, ['--version']).status === 0 ? node : undefined
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}

/** Becomes another Node as far as Node lets us: its terminal, its signals, its exit code. */
function handOver(node) {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']
  const isWindows = process.platform === 'win32'
  const child = spawn(
    ...diesWithUs([node, ...process.execArgv, fileURLToPath(import.meta.url), command, ...args]),
    {
      stdio: 'inherit',
      env: { ...process.env, PATH: path.dirname(node) + path.delimiter + process.env.PATH },
      // A process group of its own: the terminal's Ctrl-C then reaches it through us alone, and so just once.
      detached: !isWindows,
    },
  )
  for (const signal of signals) process.on(signal, () => isWindows || child.kill(signal))
  child.once('error', (error) => {
    console.error(`${node} can't be started: ${error.message}`)
    process.exitCode = 1
  })
  child.once('exit', (code, signal) => {
    for (const name of signals) process.removeAllListeners(name)
    if (signal) process.kill(process.pid, signal)
    else process.exitCode = code
  })
}

/** On Linux the other Node is told to stop when we are killed without a chance to pass it on. */
function diesWithUs([file, ...rest]) {
  const setpriv = ['--pdeathsig', 'TERM', '--']
  const works = process.platform === 'linux' && spawnSync('setpriv', [...setpriv, 'true']).status === 0
  return works ? ['setpriv', [...setpriv, file, ...rest]] : [file, rest]
}
