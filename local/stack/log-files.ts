import { mkdirSync, openSync, writeSync } from 'node:fs'
import path from 'node:path'
import type { Place } from './place.ts'

/** Keeps what the processes write, in one file each, begun anew by each start. */
export function createLogFiles(place: Place): { write(name: string, line: string): void; folder: string } {
  const folder = path.dirname(place.log('any'))
  const files = new Map<string, number>()
  return {
    folder,
    write(name, line) {
      mkdirSync(folder, { recursive: true })
      const file = files.get(name) ?? openSync(place.log(name), 'w', 0o600)
      files.set(name, file)
      writeSync(file, `${line}\n`)
    },
  }
}
