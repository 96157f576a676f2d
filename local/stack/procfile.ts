import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Plain } from '../launch/plain.ts'
import { root } from './place.ts'

/** One line of a Procfile: a kind of process and how it is started. */
export interface ProcfileLine {
  name: string
  /** The words of the command, quotes taken off. No shell reads them. */
  command: [string, ...string[]]
}

export function readProcfile(file = path.join(root, 'Procfile')): ProcfileLine[] {
  return parseProcfile(readFileSync(file, 'utf8'))
}

/** Throws `Plain` with the number of the line that can't be read. */
export function parseProcfile(text: string): ProcfileLine[] {
  const lines = text.split('\n').flatMap((line, index) => parseLine(line, index + 1))
  const twice = lines.find(({ name }, index) => lines.findIndex((other) => other.name === name) !== index)
  if (twice) throw new Plain(`the Procfile has two processes called ${twice.name}`)
  return lines
}

function parseLine(line: string, number: number): ProcfileLine[] {
  if (/^\s*(#|$)/.test(line)) return []
  const [, name, rest = ''] = /^([\w-]+):(.*)$/.exec(line.trim()) ?? []
  const words = splitWords(rest)
  const [file, ...args] = words ?? []
  if (!name || !file) throw new Plain(`line ${number} of the Procfile is not "name: command": ${line.trim()}`)
  return [{ name, command: [file, ...args] }]
}

/** Words as a shell would see them in the simplest case; undefined when a quote is not closed. */
function splitWords(text: string): string[] | undefined {
  const word = /(?:[^\s"']|"[^"]*"|'[^']*')+/g
  if (/["']/.test(text.replace(word, ''))) return undefined
  return (text.match(word) ?? []).map((found) =>
    found.replaceAll(
      /"([^"]*)"|'([^']*)'/g,
      (_, double: string | undefined, single: string | undefined) => double ?? single ?? '',
    ),
  )
}
