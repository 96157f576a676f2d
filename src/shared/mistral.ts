import { MistralCore } from '@mistralai/mistralai/core.js'
import { chatComplete } from '@mistralai/mistralai/funcs/chatComplete.js'
import { ocrProcess } from '@mistralai/mistralai/funcs/ocrProcess.js'
import { env } from '@mistralai/mistralai/lib/env.js'
import { HTTPClient } from '@mistralai/mistralai/lib/http.js'
import type { RequestOptions } from '@mistralai/mistralai/lib/sdks.js'
import type { ChatCompletionResponse, OCRPageObject } from '@mistralai/mistralai/models/components'
import type { APIPromise } from '@mistralai/mistralai/types/async.js'
import type { Result } from '@mistralai/mistralai/types/fp.js'
import type { GiveUp, Throttled, Trouble } from './errors.ts'
import { limitsIn, type Limits } from './mistral/limits.ts'
import { explain, troubles } from './mistral/refusals.ts'
import { seconds } from './time.ts'

export type { Limits } from './mistral/limits.ts'

/**
 * Mistral, one call at a time: no retries, one time limit per call, every failure under a code of ours. Nothing that is
 * returned or thrown carries the provider's words, which may quote the document.
 */
export interface Mistral {
  /** Reads pages (counted from 0) of the PDF at a URL that Mistral fetches itself. Pictures are not returned. */
  readPages(asked: {
    model: string
    url: string
    pages: number[]
    signal: AbortSignal
  }): Promise<Reply<ReadPages>>
  /** One chat completion whose answer must be JSON of the schema, `strict` on Mistral's side. */
  chat(asked: {
    model: string
    messages: { role: 'system' | 'user' | 'assistant'; content: string }[]
    schema: { name: string; schema: Record<string, unknown> }
    signal: AbortSignal
  }): Promise<Reply<Completion>>
}

/**
 * What came of a call, and what it taught about the limits. `error` is what to throw: Throttled, GiveUp, Trouble, or
 * the signal's own reason when the caller went away.
 */
export type Reply<Answer> =
  | { outcome: 'answered'; answer: Answer; limits: Limits }
  | { outcome: 'throttled'; error: Throttled; limits: Limits }
  | { outcome: 'failed'; error: GiveUp | Trouble | Error; limits: Limits }

export interface ReadPages {
  pages: ReadPage[]
  /** What really read them, such as `mistral-ocr-4-1-completion`. */
  model: string
  /** How many pages are charged for. */
  pagesCharged: number
}

export type ReadPage = Pick<OCRPageObject, 'index' | 'markdown' | 'images' | 'dimensions'>

export interface Completion {
  /** As written: not parsed, and perhaps cut off. */
  content: string
  /** The model came to its own end, and was not cut off by a limit or a fault. */
  finished: boolean
  model: string
  promptTokens: number
  completionTokens: number
}

export interface MistralOptions {
  apiKey: string
  /** Mistral's worldwide address if left out. */
  url?: string | undefined
  /** Milliseconds a call may take; 120,000 for reading and 180,000 for a chat if left out. */
  timeouts?: { read?: number; chat?: number }
}

/** Opens nothing yet: connections are made, and kept, when calls are. */
export function openMistral({ apiKey, url, timeouts = {} }: MistralOptions): Mistral {
  const { read = seconds(120), chat = seconds(180) } = timeouts
  // Set, this variable makes the client print every request and answer, documents and all.
  delete env().MISTRAL_DEBUG
  // One for each call. The signal goes to the fetch itself: the client passes on a copy of its request, which no longer
  // hears of the signal once the original has been collected as garbage.
  const clientFor = (signal: AbortSignal): MistralCore =>
    new MistralCore({
      apiKey,
      retryConfig: { strategy: 'none' },
      httpClient: new HTTPClient({ fetcher: (request, init) => fetch(request, { ...init, signal }) }),
      ...(url === undefined ? {} : { serverURL: url }),
    })
  return {
    readPages: ({ model, url: documentUrl, pages, signal }) =>
      call(
        (limit, options) =>
          ocrProcess(
            clientFor(limit),
            {
              model,
              document: { type: 'document_url', documentUrl },
              pages,
              includeImageBase64: false,
              includeBlocks: false,
            },
            options,
          ),
        signal,
        read,
        ({ pages: found, model: reader, usageInfo }) => ({
          pages: found,
          model: reader,
          pagesCharged: usageInfo.pagesProcessed,
        }),
      ),
    chat: ({ model, messages, schema, signal }) =>
      call(
        (limit, options) =>
          chatComplete(
            clientFor(limit),
            {
              model,
              messages,
              responseFormat: {
                type: 'json_schema',
                jsonSchema: { name: schema.name, schemaDefinition: schema.schema, strict: true },
              },
              // Faithfulness is wanted, not variety.
              temperature: 0,
            },
            options,
          ),
        signal,
        chat,
        completion,
      ),
  }
}

/** One request, to its answer or to an error of ours. */
async function call<Raw, Answer>(
  request: (signal: AbortSignal, options: RequestOptions) => APIPromise<Result<Raw>>,
  signal: AbortSignal,
  timeoutMs: number,
  read: (raw: Raw) => Answer,
): Promise<Reply<Answer>> {
  const timeout = AbortSignal.timeout(timeoutMs)
  const limit = AbortSignal.any([signal, timeout])
  let limits: Limits = {}
  try {
    const [result, { response }] = await request(limit, {
      signal: limit,
      retries: { strategy: 'none' },
    }).$inspect()
    if (response) limits = limitsIn(response.headers)
    if (!result.ok) throw result.error
    return { outcome: 'answered', answer: read(result.value), limits }
  } catch (error) {
    if (signal.aborted) return { outcome: 'failed', error: reasonOf(signal), limits }
    if (timeout.aborted) return { outcome: 'failed', error: troubles.timeout(), limits }
    return explain(error, limits)
  }
}

const reasonOf = (signal: AbortSignal): Error =>
  signal.reason instanceof Error ? signal.reason : new DOMException('The call was broken off.', 'AbortError')

function completion({ choices, model, usage }: ChatCompletionResponse): Completion {
  const [first] = choices
  const content = first?.message?.content
  return {
    content: typeof content === 'string' ? content : (content ?? []).map(textOf).join(''),
    finished: first?.finishReason === 'stop',
    model,
    promptTokens: usage.promptTokens ?? 0,
    completionTokens: usage.completionTokens ?? 0,
  }
}

/** Models that think put their thoughts beside the answer, as chunks of another type. */
const textOf = (chunk: { type?: string; text?: unknown }): string =>
  chunk.type === 'text' && typeof chunk.text === 'string' ? chunk.text : ''
