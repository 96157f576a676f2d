import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { readWholeJson } from './damage.ts'
import { Plain } from './plain.ts'

/** Writes down that a process was started, so that a later run can recognise it. */
export function remember(file: string, pid: number): void {
  writeFileSync(`${file}.new`, JSON.stringify({ pid, birth: birthOf(pid) }))
  renameSync(`${file}.new`, file) // whole or not at all, however we end
}

export function forget(file: string): void {
  rmSync(file, { force: true })
}

/**
 * Ends the process that an earlier run wrote down and could not end, because it was killed where the kernel
 * offers no death signal. Returns the pid that was written down, whether it still ran or not.
 * Throws `Plain` when it does not end.
 */
export async function endLeftover(
  name: string,
  file: string,
  signals: NodeJS.Signals[],
  say: (line: string) => void,
): Promise<number | undefined> {
  if (!existsSync(file)) return undefined
  const { pid, birth } = readWholeJson(file) as { pid: number; birth?: string }
  const runs = () => birth !== undefined && birthOf(pid) === birth

  if (runs()) say(`stopping ${name}, process ${pid}, which an earlier run left behind`)
  for (const signal of signals) {
    if (!runs()) break
    process.kill(pid, signal)
    for (let tries = 0; tries < 100 && runs(); tries++) await sleep(100)
  }
  if (runs())
    throw new Plain(
      `${name}, process ${pid}, which an earlier run left behind, does not stop: kill -9 ${pid}`,
    )
  forget(file)
  return pid
}

/** Whether there is a process with this pid, other than the corpse of one whose parent hasn't looked. */
export function isRunning(pid: number): boolean {
  return birthOf(pid) !== undefined
}

/**
 * When a process began, in words that no later process with the same pid can share. Undefined when there is none.
 */
export function birthOf(pid: number): string | undefined {
  if (process.platform !== 'linux') {
    const ps = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' })
    return ps.stdout.trim() || undefined
  }
  const stat = readProcess(`/proc/${pid}/stat`)
  // proc(5): "pid (name) state ..."; the name may hold anything, so count from its closing bracket.
  const [state, ...fields] = stat?.split(') ').at(-1)?.split(' ') ?? []
  if (!state || state === 'Z' || state === 'X') return undefined
  const ticksSinceBoot = fields[18]
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${ticksSinceBoot}`
}

function readProcess(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return undefined // it ended, perhaps while we read
    throw error
  }
}
