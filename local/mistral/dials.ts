import { z } from 'zod'
import { languages } from './language.ts'

const aimed = {
  /** Beginning of the path it is meant for, such as `/v1/ocr`; all of the API if not said. */
  path: z.string().startsWith('/v1').default('/v1'),
  /** How many calls it spoils. */
  times: z.int().min(1).default(1),
  /** Only calls in whose body, as JSON, this text stands: a language, a page number, a document's id. */
  containing: z.string().min(1).optional(),
}

/** What a model wrote is to be wrong. */
const written = {
  ...aimed,
  path: z.string().startsWith('/v1').default('/v1/chat/completions'),
}

/** Where in what it wrote: in the element with this `key`, or in the field of this name; in the first that fits if not said. */
const inPlace = { ...written, place: z.string().optional() }

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
  /** A number that nobody gave: `change` puts it in the place of one that was there, `add` beside the text. */
  z.strictObject({
    does: z.literal('invent-number'),
    ...inPlace,
    how: z.enum(['change', 'add']).default('change'),
    number: z.number().default(9173),
  }),
  /** A person whom nobody named is in the text. */
  z.strictObject({
    does: z.literal('invent-name'),
    ...inPlace,
    name: z.string().min(1).default('Barnaby Nettlecombe'),
  }),
  /** Cites a page that is not there, beside the right ones or instead of them. */
  z.strictObject({
    does: z.literal('miscite'),
    ...inPlace,
    how: z.enum(['add', 'replace']).default('add'),
    page: z.int().default(9999),
  }),
  /** Elements with these keys are missing, the last one if none is named; or they are there and say nothing. */
  z.strictObject({
    does: z.literal('omit-section'),
    ...written,
    keys: z.array(z.string()).min(1).optional(),
    how: z.enum(['drop', 'empty']).default('drop'),
  }),
  /** Answers in this language, whatever it was asked for. */
  z.strictObject({
    does: z.literal('wrong-language'),
    ...written,
    language: z.enum(languages).default('en'),
  }),
  /** Loses an item of a list, a row of a table, or a paragraph. */
  z.strictObject({ does: z.literal('break-structure'), ...inPlace }),
  /** Says that it cannot help: instead of the JSON, or in every text of it. */
  z.strictObject({
    does: z.literal('refuse'),
    ...written,
    how: z.enum(['text', 'fields']).default('text'),
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
  take(path: string, body: unknown): Misbehaviour | undefined {
    const found = this.#pending.find((dial) => path.startsWith(dial.path) && isAbout(body, dial.containing))
    if (found) found.times -= 1
    this.#pending = this.#pending.filter(({ times }) => times > 0)
    return found
  }
}

const isAbout = (body: unknown, containing: string | undefined): boolean =>
  containing === undefined || (JSON.stringify(body) ?? '').includes(containing)
