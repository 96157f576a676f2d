import { randomUUID } from 'node:crypto'
import { fillSchema, schemaOf } from './fill-schema.ts'
import { missing, notOffered } from './errors.ts'
import { modelName } from './models.ts'
import { fieldsOf, type Fields } from './protocol.ts'
import { label, Quotes } from './quotes.ts'

/**
 * `POST /v1/chat/completions`: an answer in the demanded form, made of labelled sentences of the user's own messages.
 * `max_tokens` cuts it off in the middle, as it does in life, with `finish_reason: 'length'`.
 */
export function complete(body: unknown): Fields {
  const request = fieldsOf(body) ?? {}
  const messages = Array.isArray(request.messages) ? (request.messages as unknown[]) : []
  if (messages.length === 0) throw missing('messages', body)
  if (request.stream) throw notOffered('streaming is not offered')
  const model = modelName(request.model, 'chat')

  const whole = answer(request.response_format, new Quotes(saidByUser(messages)))
  const most = typeof request.max_tokens === 'number' ? request.max_tokens * charactersPerToken : Infinity
  const content = whole.slice(0, most)
  return {
    id: randomUUID().replaceAll('-', ''),
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', tool_calls: null, content },
        finish_reason: content.length < whole.length ? 'length' : 'stop',
      },
    ],
    usage: usage(messages.map(textOf).join(''), content),
  }
}

function answer(format: unknown, quotes: Quotes): string {
  const schema = schemaOf(format)
  if (schema) return JSON.stringify(fillSchema(schema, quotes))
  if (fieldsOf(format)?.type === 'json_object') return JSON.stringify({ answer: quotes.next() })
  const sentences = Array.from({ length: Math.min(3, Math.max(1, quotes.size)) }, () => quotes.next())
  return [label, ...sentences.map((sentence) => sentence.slice(label.length + 1))].join(' ')
}

function saidByUser(messages: unknown[]): string {
  const users = messages.filter((message) => fieldsOf(message)?.role === 'user')
  return (users.length ? users : messages).map(textOf).join('\n')
}

/** The text of a message, whose content is a string or a list of chunks. */
function textOf(message: unknown): string {
  const content = fieldsOf(message)?.content
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return (content as unknown[])
    .map((chunk) => fieldsOf(chunk)?.text)
    .filter((text) => typeof text === 'string')
    .join('\n')
}

const charactersPerToken = 4

function usage(prompt: string, completion: string): Fields {
  const prompt_tokens = Math.ceil(prompt.length / charactersPerToken)
  const completion_tokens = Math.ceil(completion.length / charactersPerToken)
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens }
}
