import { fieldsOf, type Answer, type Fields } from './protocol.ts'
import { rewritten, rewrittenJson } from './written.ts'

/** The beginning of the JSON. A file's bytes are cut as well. */
export function half(body: unknown): unknown {
  if (Buffer.isBuffer(body)) return body.subarray(0, body.length / 2)
  const json = JSON.stringify(body)
  return json.slice(0, Math.ceil(json.length / 2))
}

/** An answer in which the named fields are null, also in the JSON that the model wrote. */
export function withNulls(answer: Answer, fields: readonly string[]): Answer {
  if (Buffer.isBuffer(answer.body)) return answer
  const spoilt = nulls(answer.body, fields)
  return { ...answer, body: rewrittenJson(spoilt, (value) => nulls(value, fields)) }
}

/** An answer whose content stops in the middle. */
export function withContentCut({ body, ...answer }: Answer): Answer {
  const cut = rewritten(body, (content) => content.slice(0, Math.ceil(content.length / 2)))
  return { ...answer, body: ended(cut, 'length') }
}

/** An answer in which the model says that it cannot help. */
export function withRefusal({ body, ...answer }: Answer, how: 'text' | 'fields'): Answer {
  const spoilt =
    how === 'text' ? rewritten(body, () => refusal) : rewrittenJson(body, (value) => allTexts(value))
  return { ...answer, body: spoilt }
}

const refusal = "I'm sorry, but I can't help with this document."

function nulls(value: unknown, fields: readonly string[]): unknown {
  if (Array.isArray(value)) return (value as unknown[]).map((element) => nulls(element, fields))
  const object = fieldsOf(value)
  if (!object) return value
  return Object.fromEntries(
    Object.entries(object).map(([name, inner]) => [
      name,
      fields.includes(name) ? null : nulls(inner, fields),
    ]),
  )
}

function ended(body: unknown, reason: string): unknown {
  const answer = fieldsOf(body)
  if (!Array.isArray(answer?.choices)) return body
  return {
    ...answer,
    choices: (answer.choices as Fields[]).map((choice) =>
      Object.assign({}, choice, { finish_reason: reason }),
    ),
  }
}

/** Every text but the names of things, which the schema prescribes. */
function allTexts(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return ['key', 'id', 'language'].includes(name) ? value : refusal
  if (Array.isArray(value)) return (value as unknown[]).map((element) => allTexts(element, name))
  const object = fieldsOf(value)
  if (!object) return value
  return Object.fromEntries(Object.entries(object).map(([name, inner]) => [name, allTexts(inner, name)]))
}
