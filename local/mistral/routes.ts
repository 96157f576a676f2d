import type { Eyes } from '../pdf/sight.ts'
import type { Batches } from './batch.ts'
import { complete } from './chat.ts'
import { ApiError, methodNotAllowed, notFound } from './errors.ts'
import type { Files } from './files.ts'
import { getModel, listModels } from './models.ts'
import { recognise } from './ocr.ts'
import type { Answer, Call, ReadLimits } from './protocol.ts'

/** The path as a pattern: a colon stands for one part of the path, handed to the handler. */
type Route = [method: string, path: string, handle: (call: Call, id: string) => Answer | Promise<Answer>]

/** All of the API that is played here, from top to bottom. */
function table({ files, batches, limits, eyes }: Parts): Route[] {
  return [
    [
      'POST',
      '/v1/ocr',
      async ({ body, signal }) => ({ body: await recognise(body, { files, limits, eyes, signal }) }),
    ],
    ['POST', '/v1/chat/completions', ({ body, answersIn }) => ({ body: complete(body, { answersIn }) })],
    ['POST', '/v1/files', ({ body }) => ({ body: files.upload(body) })],
    ['GET', '/v1/files', ({ query }) => ({ body: files.list(query) })],
    ['GET', '/v1/files/:', (_, id) => ({ body: files.show(id) })],
    ['DELETE', '/v1/files/:', (_, id) => ({ body: files.delete(id) })],
    ['GET', '/v1/files/:/url', ({ query, origin }, id) => ({ body: files.sign(id, query, origin) })],
    ['GET', '/v1/files/:/content', (_, id) => ({ body: files.get(id).bytes })],
    ['POST', '/v1/batch/jobs', ({ body }) => ({ body: batches.create(body) })],
    ['GET', '/v1/batch/jobs', () => ({ body: batches.list() })],
    ['GET', '/v1/batch/jobs/:', (_, id) => ({ body: batches.get(id) })],
    ['POST', '/v1/batch/jobs/:/cancel', (_, id) => ({ body: batches.cancel(id) })],
    ['GET', '/v1/models', () => ({ body: listModels() })],
    ['GET', '/v1/models/:', (_, id) => ({ body: getModel(id) })],
  ]
}

interface Parts {
  files: Files
  batches: Batches
  limits: ReadLimits
  eyes: Eyes
}

/** Answers a call to the API, or throws the ApiError that it answers with. */
export function router(parts: Parts): (method: string, path: string, call: Call) => Promise<Answer> {
  const routes = table(parts).map(([method, path, handle]) => ({
    method,
    pattern: new RegExp(`^${path.replace(':', '([^/]+)')}$`),
    handle,
  }))
  return async (method, path, call) => {
    const fitting = routes.filter(({ pattern }) => pattern.test(path))
    if (fitting.length === 0) throw notFound()
    const route = fitting.find((route) => route.method === method)
    if (!route) throw methodNotAllowed()
    return await route.handle(call, route.pattern.exec(path)?.[1] ?? '')
  }
}

/** `GET /signed/{id}`: a file for whoever holds the address. A wrong or expired signature gets 403. */
export function download(files: Files, path: string, query: URLSearchParams): Answer {
  const file = files.bySignature(path.slice('/signed/'.length), query)
  if (!file) throw new ApiError(403, 'AuthenticationFailed', { 'content-type': 'text/plain' })
  return { body: file.bytes, headers: { 'content-type': file.type } }
}
