import type { Eyes } from '../pdf/sight.ts'
import type { Files } from './files.ts'
import type { Language } from './language.ts'

/** A call whose body has been read and whose caller is known. */
export interface Call {
  body: unknown
  query: URLSearchParams
  /** Scheme and host as the caller wrote them, for links back to here. */
  origin: string
  /** Aborted when the caller goes away or the stand-in stops. */
  signal: AbortSignal
  /** The language a chat answers in, whatever it was asked for. */
  answersIn?: Language
}

/** What is sent back. A Buffer goes out as it is, a string as text, all else as JSON. */
export interface Answer {
  status?: number
  body: unknown
  headers?: Record<string, string>
  /** The connection is to break in the middle of it. */
  breaksOff?: boolean
}

/** A file that came in a multipart form. */
export interface Upload {
  name: string
  type: string
  bytes: Buffer
}

/** What opening a document needs beside the document. */
export interface Reading {
  files: Files
  limits: ReadLimits
  /** For pages whose text is a picture. */
  eyes: Eyes
  signal: AbortSignal
}

/** How much a single document may cost before its reader is killed. */
export interface ReadLimits {
  milliseconds: number
  /** Resident memory of the reading process. */
  megabytes: number
}

export type Fields = Record<string, unknown>

/** The value as an object whose fields can be looked at, or undefined. */
export const fieldsOf = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined
