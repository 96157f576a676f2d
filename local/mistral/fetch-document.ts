import { badFile } from './errors.ts'

/** One byte more than the API takes, so that the size check sees that it is too much. */
const most = 50 * 2 ** 20 + 1

/**
 * The bytes behind a `data:` or `http(s):` address, at most one more than the API's limit. What can't be had is the
 * API's 400: an expired signature, a host that is away, a scheme that is none of its business.
 */
export async function fetchDocument(address: string, signal: AbortSignal): Promise<Buffer> {
  if (address.startsWith('data:')) return decode(address)
  if (!/^https?:/.test(address)) throw badFile('File could not be fetched from url.')
  try {
    const response = await fetch(address, { signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)]) })
    if (response.ok && response.body) return await collect(response.body)
    await response.body?.cancel()
  } catch (error) {
    signal.throwIfAborted()
    console.error(`mistral stand-in: a document could not be fetched: ${reasonOf(error)}`)
  }
  throw badFile('File could not be fetched from url.')
}

function decode(address: string): Buffer {
  const comma = address.indexOf(',')
  if (comma === -1) throw badFile('File could not be fetched from url.')
  const data = address.slice(comma + 1)
  return address.slice(0, comma).endsWith(';base64')
    ? Buffer.from(data, 'base64')
    : Buffer.from(unescaped(data))
}

function unescaped(data: string): string {
  try {
    return decodeURIComponent(data)
  } catch (error) {
    if (error instanceof URIError) throw badFile('File could not be fetched from url.')
    throw error
  }
}

async function collect(body: ReadableStream<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= most) break // leaving the loop cancels the rest
  }
  return Buffer.concat(chunks).subarray(0, most)
}

/** Why, without the address: it may carry a signature. */
const reasonOf = (error: unknown): string =>
  error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.name) : 'unknown'
