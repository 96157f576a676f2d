import { styleText } from 'node:util'

/** The colour of each process, in the order of the Procfile. */
const colours = ['cyan', 'green', 'yellow', 'magenta', 'blue', 'gray'] as const

/** Levels of pino: https://getpino.io/#/docs/api?id=logger-level */
const levels: Record<number, string> = {
  10: 'trace',
  20: 'debug',
  30: '',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
}

/** Renders a line that a process wrote as one line for people: JSON of our log, or whatever else it said. */
export function createRenderer(names: string[]): (name: string, line: string) => string {
  const width = Math.max(...names.map((name) => name.length))
  return (name, line) => {
    const colour = colours[names.indexOf(name) % colours.length] ?? 'gray'
    const prefix = paint(colour, name.padEnd(width))
    const entry = readEntry(line)
    if (!entry) return `${prefix}  ${line}`

    const { level, time, msg = '', process, pid, ...rest } = entry
    void [process, pid] // the prefix says it
    const word = levels[level] ?? String(level)
    const loud = level >= 50 ? paint('red', `${word} `) : paint('yellow', word && `${word} `)
    const details = Object.entries(rest).map(([key, value]) => `${key}=${detail(value)}`)
    return `${prefix}  ${timeOfDay(time)} ${loud}${msg} ${paint('dim', details.join(' '))}`.trimEnd()
  }
}

/** Whether a line is one that somebody who does not watch should see: an error, or not from our log at all. */
export function isTrouble(line: string): boolean {
  const entry = readEntry(line)
  return !entry || entry.level >= 50
}

interface Entry extends Record<string, unknown> {
  level: number
  msg?: string
}

function readEntry(line: string): Entry | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const value = JSON.parse(line) as Entry
    return typeof value.level === 'number' ? value : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function timeOfDay(time: unknown): string {
  const date = new Date(time as string)
  return Number.isNaN(date.getTime()) ? '' : date.toTimeString().slice(0, 8)
}

function detail(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)
}

/** Colours where they are seen; NO_COLOR and a pipe switch them off. */
function paint(format: Parameters<typeof styleText>[0], text: string): string {
  return text && styleText(format, text, { stream: process.stdout })
}
