/**
 * Loaded into the cognito-local process before its own code. It keeps each user pool in one JSON file and rewrites it
 * in place with `fs.writeFile`, several times at once if several people sign up: two such writes can mix, and a kill
 * leaves half a file, with every user of the pool. Here each write goes to a new file that then takes the old one's
 * place, and the writes of one file wait for each other.
 */
import fs from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { callbackify } from 'node:util'

const original = fs.writeFile
fs.writeFile = writeJsonWhole as typeof original

function writeJsonWhole(...args: Parameters<typeof original>): void {
  const [file, content, done] = args
  const isStore = typeof file === 'string' && file.endsWith('.json') && typeof content === 'string'
  if (isStore && typeof done === 'function') callbackify(writeInTurn)(file, content, done)
  else original(...args)
}

/** Rejects if this write fails; the next one goes ahead all the same. */
async function writeInTurn(file: string, content: string): Promise<void> {
  const key = path.resolve(file)
  const write = Promise.allSettled([lastWrites.get(key)]).then(() => replaceFile(key, content))
  lastWrites.set(key, write)
  try {
    await write
  } finally {
    if (lastWrites.get(key) === write) lastWrites.delete(key)
  }
}

const lastWrites = new Map<string, Promise<void>>()

async function replaceFile(file: string, content: string): Promise<void> {
  await writeFile(`${file}.new`, content)
  await rename(`${file}.new`, file)
}
