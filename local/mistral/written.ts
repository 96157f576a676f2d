import { fieldsOf, type Fields } from './protocol.ts'

/** A copy of a chat answer in which what the model wrote is changed; any other answer as it is. */
export function rewritten(body: unknown, change: (content: string) => string): unknown {
  const answer = fieldsOf(body)
  if (!Array.isArray(answer?.choices)) return body
  const choices = (answer.choices as Fields[]).map((choice) =>
    Object.assign({}, choice, { message: withContent(fieldsOf(choice.message) ?? {}, change) }),
  )
  return { ...answer, choices }
}

/** The same for what is JSON in it. Plain text, and JSON that is cut off, stays as it is. */
export function rewrittenJson(body: unknown, change: (value: unknown) => unknown): unknown {
  return rewritten(body, (content) => {
    const value = parsed(content)
    return value === undefined ? content : JSON.stringify(change(value))
  })
}

/** The value of a text that is JSON, else undefined. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function withContent(message: Fields, change: (content: string) => string): Fields {
  const { content } = message
  return typeof content === 'string' ? { ...message, content: change(content) } : message
}
