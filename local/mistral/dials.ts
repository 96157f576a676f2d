import { z } from 'zod'
import { fieldsOf, type Fields } from './protocol.ts'

const aimed = {
  /** Beginning of the path it is meant for, such as `/v1/ocr`; all of the API if not said. */
  path: z.string().startsWith('/v1').default('/v1'),
  /** How many calls it spoils. */
  times: z.int().min(1).default(1),
}

const dial = z.discriminatedUnion('does', [
  /** 429. `retryAfter` in seconds, null for no such header; `limit: 0` says that the plan lacks the model. */
  z.strictObject({
    does: z.literal('rate-limit'),
    ...aimed,
    retryAfter: z.number().min(0).nullable().default(1),
    limit: z.int().min(0).optional(),
  }),
  /** An error of the service: 500 and 503 in JSON, 502 and 504 in HTML, 404 as if a file weren't there yet. */
  z.strictObject({ does: z.literal('fail'), ...aimed, status: z.int().min(400).max(599).default(503) }),
  /** No answer, until the caller goes away. */
  z.strictObject({ does: z.literal('hang'), ...aimed }),
  /** The right answer, late. */
  z.strictObject({ does: z.literal('slow'), ...aimed, milliseconds: z.int().min(0) }),
  /** The connection breaks: before anything was done, after all was done, or in the middle of the answer. */
  z.strictObject({
    does: z.literal('drop'),
    ...aimed,
    when: z.enum(['before', 'after', 'midway']).default('before'),
  }),
  /** A whole HTTP answer whose JSON stops in the middle; with `content` only the JSON that the model wrote. */
  z.strictObject({ does: z.literal('cut'), ...aimed, part: z.enum(['answer', 'content']).default('answer') }),
  /** The named fields are null wherever they occur, also in the JSON that the model wrote. */
  z.strictObject({
    does: z.literal('null'),
    ...aimed,
    fields: z
      .array(z.string())
      .min(1)
      .default(() => [...nullable]),
  }),
])

/** What the API's own description lets be null. */
const nullable = ['content', 'dimensions', 'blocks', 'document_annotation', 'doc_size_bytes']

/** How the next calls are to go wrong, as one writes it: `{ does: 'hang', path: '/v1/ocr', times: 2 }`. */
export type Dial = z.input<typeof dial>

/** The same with everything said. */
export type Misbehaviour = z.output<typeof dial>

/** The dials by which the stand-in is told to misbehave. Each call takes the first one that is meant for it. */
export class Dials {
  #pending: Misbehaviour[] = []

  /** Adds to what is pending. Throws a ZodError for a dial that does not exist. */
  set(...dials: Dial[]): void {
    this.#pending.push(...z.array(dial).parse(dials))
  }

  /** Good behaviour from here on. A call that hangs already goes on hanging. */
  clear(): void {
    this.#pending = []
  }

  pending(): Misbehaviour[] {
    return structuredClone(this.#pending)
  }

  /** What the call to this path is to suffer. Taking it uses it up. */
  take(path: string): Misbehaviour | undefined {
    const found = this.#pending.find((dial) => path.startsWith(dial.path))
    if (found) found.times -= 1
    this.#pending = this.#pending.filter(({ times }) => times > 0)
    return found
  }
}

/** A copy of an answer in which the named fields are null. */
export function withNulls(body: unknown, fields: readonly string[]): unknown {
  if (Array.isArray(body)) return (body as unknown[]).map((element) => withNulls(element, fields))
  const object = fieldsOf(body)
  if (!object) return body
  const entries = Object.entries(object).map(([name, value]) => [
    name,
    fields.includes(name) ? null : withNulls(value, fields),
  ])
  return rewrite(Object.fromEntries(entries) as Fields, (json) => nullInside(json, fields))
}

/** A copy of a chat answer whose content stops in the middle. */
export function withContentCut(body: unknown): unknown {
  const copy = structuredClone(fieldsOf(body)) ?? {}
  for (const choice of Array.isArray(copy.choices) ? (copy.choices as Fields[]) : []) {
    choice.message = rewrite(fieldsOf(choice.message) ?? {}, (json) =>
      json.slice(0, Math.ceil(json.length / 2)),
    )
    choice.finish_reason = 'length'
  }
  return copy
}

/** Changes what the model wrote, if this is the message that carries it. */
function rewrite(message: Fields, change: (content: string) => string): Fields {
  const { role, content } = message
  return role === 'assistant' && typeof content === 'string'
    ? { ...message, content: change(content) }
    : message
}

function nullInside(content: string, fields: readonly string[]): string {
  try {
    return JSON.stringify(withNulls(JSON.parse(content), fields))
  } catch (error) {
    if (error instanceof SyntaxError) return content // plain text, or JSON that max_tokens has cut
    throw error
  }
}
