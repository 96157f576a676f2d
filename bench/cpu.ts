import { readdirSync, readFileSync } from 'node:fs'

/** Seconds of processor a process and its children have used so far; undefined where there is no /proc. */
export function cpuOf(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const stats = all.flatMap((name) => statOf(name))
  const own = stats.find((stat) => stat.pid === pid)
  if (!own) return undefined
  const children = stats.filter((stat) => stat.parent === pid)
  // What children that are gone have used is in the parent's own book.
  return [own, ...children].reduce((sum, stat) => sum + stat.used, own.ofTheDead)
}

const TICKS_PER_SECOND = 100

function statOf(name: string): { pid: number; parent: number; used: number; ofTheDead: number }[] {
  let text: string
  try {
    text = readFileSync(`/proc/${name}/stat`, 'utf8')
  } catch (error) {
    // It ended while we looked.
    if (['ENOENT', 'ESRCH'].includes(String((error as NodeJS.ErrnoException).code))) return []
    throw error
  }
  // The second field is a name in parentheses that may contain anything.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const at = (index: number): number => fields[index] ?? 0
  return [
    {
      pid: Number(name),
      parent: at(1),
      used: (at(11) + at(12)) / TICKS_PER_SECOND,
      ofTheDead: (at(13) + at(14)) / TICKS_PER_SECOND,
    },
  ]
}
