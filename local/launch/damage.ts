import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { Plain } from './plain.ts'

/** An error as it is told to a person: files that are somebody else's or not what they should be are one line. */
export function inPlainWords(error: unknown): unknown {
  if (error instanceof AggregateError) {
    const told = error.errors.map(inPlainWords)
    const areAll = told.every((each) => each instanceof Plain)
    return areAll ? new Plain(told.map(({ message }) => message).join('\n'), { cause: error }) : error
  }
  if (!(error instanceof Error)) return error
  // By its name, so that no command loads the database's driver for it.
  if (error.name === 'CannotStart') return new Plain(error.message, { cause: error })
  const { code = '', path: file } = error as NodeJS.ErrnoException
  if (!file || error instanceof Plain) return error
  if (forbidden.has(code)) return new Plain(ownership(file), { cause: error })
  if (misshapen.has(code)) {
    return new Plain(`${file} is not what is to be there, or something above it: remove it`, { cause: error })
  }
  return error
}

const forbidden = new Set(['EACCES', 'EPERM', 'EROFS'])
const misshapen = new Set(['EEXIST', 'ENOTDIR', 'EISDIR', 'ERR_FS_EISDIR'])

/** Whom a file belongs to that this user can't use, and what to do about it. */
export function ownership(file: string): string {
  const there = nearest(file)
  const uid = statSync(there, { throwIfNoEntry: false })?.uid
  const owner = uid === undefined ? 'nobody knows whom' : uid === 0 ? 'root' : `user ${uid}`
  const which = there === file ? file : `${file} can't be made: ${there}`
  return `${which} belongs to ${owner} and is not open to this user: remove it, or run as its owner`
}

/** The file itself, else the folder it would be in. */
function nearest(file: string): string {
  return existsSync(file) || path.dirname(file) === file ? file : nearest(path.dirname(file))
}

/** The content of a file of JSON. Throws `Plain` when it is damaged. */
export function readWholeJson(file: string): unknown {
  const text = readText(file)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Plain(`${file} is damaged, it is no whole JSON: remove it`, { cause: error })
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EISDIR') throw error
    throw new Plain(`${file} is a folder and should be a file: remove it`, { cause: error })
  }
}
