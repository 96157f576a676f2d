import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

/** What a watch has to say: that it is too much, or why it cannot see any more. */
type Alarm = (blind?: Error) => void

/** Raises the alarm once the process takes more than `limit` bytes. Returns what ends the watch. */
export function watchMemory(pid: number, limit: number, alarm: Alarm): () => void {
  return process.platform === 'linux' ? watchProc(pid, limit, alarm) : watchPs(pid, limit, alarm)
}

/**
 * When the kernel must end a process for want of memory, it is to be this one and not its parent. Where that may not be
 * said, the kernel chooses by size.
 */
export function sacrificeFirst(pid: number): void {
  if (process.platform !== 'linux') return
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '1000')
  } catch (error) {
    if (!hasCode(error, ...goneCodes, 'EACCES', 'EPERM', 'EROFS')) throw error
  }
}

/** Often, since a bomb unfolds at a gigabyte a second. /proc is no disk: reading it takes microseconds and never waits. */
function watchProc(pid: number, limit: number, alarm: Alarm): () => void {
  const timer = setInterval(() => {
    try {
      if (bytesInProc(pid) > limit) alarm()
    } catch (error) {
      alarm(new Error('The memory of a process cannot be seen.', { cause: error }))
    }
  }, 25)
  return () => clearInterval(timer)
}

/**
 * What is in memory and what was moved to swap; 0 when the process is gone. Told in kB, whatever the size of a page is
 * on this machine: proc(5), /proc/pid/status.
 */
function bytesInProc(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1')
    const kilobytes = [...status.matchAll(/^Vm(?:RSS|Swap):\s+(\d+) kB$/gm)].map((match) => Number(match[1]))
    return kilobytes.reduce((sum, each) => sum + each, 0) * 1024
  } catch (error) {
    if (hasCode(error, ...goneCodes)) return 0
    throw error
  }
}

/** Where there is no /proc a program is asked: less often, for it costs a process each time. */
export function watchPs(pid: number, limit: number, alarm: Alarm): () => void {
  let timer: NodeJS.Timeout | undefined
  let over = false
  const look = (): void => {
    execFile('ps', ['-o', 'rss=', '-p', String(pid)], (error, output) => {
      if (over) return
      // It ends with 1 when there is no such process.
      if (error && !hasCode(error, '1'))
        alarm(new Error('The memory of a process cannot be seen.', { cause: error }))
      else if (Number(output) * 1024 > limit) alarm()
      timer = setTimeout(look, 100)
    })
  }
  look()
  return () => {
    over = true
    clearTimeout(timer)
  }
}

const goneCodes = ['ENOENT', 'ESRCH']

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
