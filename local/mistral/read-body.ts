import type { IncomingMessage } from 'node:http'
import busboy from 'busboy'
import { missing, notJson, tooLarge } from './errors.ts'
import type { Fields } from './protocol.ts'

/** A document of 50 MB in base64 with room to spare, so that one that is too large is told so by the API's own error. */
const most = 100 * 2 ** 20

/**
 * The body of a request: the value of its JSON, the fields of its form, or undefined. Says by `onBytes` how much came.
 * Reads to the end even what is too much, since a refusal in the middle of an upload is lost in a broken pipe.
 */
export async function readBody(request: IncomingMessage, onBytes: (bytes: number) => void): Promise<unknown> {
  if (/^multipart\/form-data;.*boundary=/i.test(request.headers['content-type'] ?? ''))
    return await readForm(request, onBytes)
  const text = (await collect(request, onBytes)).toString()
  if (text === '') return undefined
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    if (error instanceof SyntaxError) throw notJson()
    throw error
  }
}

async function collect(request: IncomingMessage, onBytes: (bytes: number) => void): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    onBytes(chunk.length)
    if (size <= most) chunks.push(chunk)
  }
  if (size > most) throw tooLarge()
  return Buffer.concat(chunks)
}

function readForm(request: IncomingMessage, onBytes: (bytes: number) => void): Promise<Fields> {
  const { promise, resolve, reject } = Promise.withResolvers<Fields>()
  const form: Fields = {}
  const parser = busboy({ headers: request.headers, defParamCharset: 'utf8', limits: { fileSize: most } })
  parser.on('field', (name, value) => (form[name] = value))
  parser.on('file', (name, file, { filename, mimeType }) => {
    const chunks: Buffer[] = []
    file.on('data', (chunk: Buffer) => chunks.push(chunk))
    file.on('end', () => (form[name] = { name: filename, type: mimeType, bytes: Buffer.concat(chunks) }))
    parser.once('close', () => file.truncated && reject(tooLarge()))
  })
  parser.once('close', () => resolve(form))
  parser.once('error', () => reject(missing('file', null))) // it called itself a form and is none
  request.once('error', reject)
  request.on('data', (chunk: Buffer) => onBytes(chunk.length))
  request.pipe(parser)
  return promise
}
