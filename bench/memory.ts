import { readFileSync, readdirSync } from 'node:fs'

/** Megabytes (millions of bytes) of a process: resident now, or the most that ever was by the kernel's own book. */
export function megabytes(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(read(`/proc/${pid}/status`))?.[1]
  return (Number(kibibytes ?? 0) * 1024) / 1e6
}

export const childrenOf = (pid: number): number[] =>
  threadsOf(pid).flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  )

/** The most that a process and whatever it started took, in megabytes. */
export interface MostMemory {
  /** Resident in all of them at one moment; what they share is counted in each. */
  together: number
  /** In itself, and in the one it started that took most, by the kernel's own book. */
  itself: number
  started: number
}

/** Looks at a process and its descendants until it is disposed of. Undefined where there is no /proc. */
export function watchMemory(pid: number): (Disposable & { most(): MostMemory }) | undefined {
  if (process.platform !== 'linux') return undefined
  const most: MostMemory = { together: 0, itself: 0, started: 0 }
  const look = (): void => {
    const descendants = descendantsOf(pid)
    most.itself = megabytes(pid, 'VmHWM')
    most.started = Math.max(most.started, ...descendants.map((each) => megabytes(each, 'VmHWM')))
    const now = [pid, ...descendants].map((each) => megabytes(each, 'VmRSS'))
    // The book also knows what was there between two looks.
    most.together = Math.max(most.together, most.itself, most.started, sum(now))
  }
  const looking = setInterval(look, LOOK_EVERY)
  return {
    most: () => {
      look()
      return most
    },
    [Symbol.dispose]: () => clearInterval(looking),
  }
}

/** Milliseconds. */
const LOOK_EVERY = 20

function descendantsOf(pid: number): number[] {
  const children = childrenOf(pid)
  return children.concat(children.flatMap(descendantsOf))
}

const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0)

const threadsOf = (pid: number): string[] => orNothing(() => readdirSync(`/proc/${pid}/task`), [])

const read = (file: string): string => orNothing(() => readFileSync(file, 'utf8'), '')

/** Nothing when the process ended while we looked. */
function orNothing<Found>(look: () => Found, nothing: Found): Found {
  try {
    return look()
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(String((error as NodeJS.ErrnoException).code))) return nothing
    throw error
  }
}
