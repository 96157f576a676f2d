import { randomUUID } from 'node:crypto'
import { missing, notOffered } from './errors.ts'
import { Accounts } from './extract/accounts.ts'
import { Extract, type CitedSource } from './extract/extract.ts'
import { labelledPages } from './extract/labelled-pages.ts'
import { fillSchema, schemaOf } from './fill-schema.ts'
import type { Language } from './language.ts'
import { modelName } from './models.ts'
import { fieldsOf, type Fields } from './protocol.ts'
import { label, Quotes } from './quotes.ts'
import { translationAskedFor } from './render/request.ts'
import { renderValue } from './render/translate.ts'

/**
 * `POST /v1/chat/completions`: an answer in the demanded form, made of labelled sentences of the user's own messages.
 * Asked about labelled pages it quotes them and says which; asked to translate it carries over what it can and says so.
 * `max_tokens` cuts it off in the middle, as it does in life, with `finish_reason: 'length'`.
 */
export function complete(body: unknown, { answersIn }: { answersIn?: Language | undefined } = {}): Fields {
  const request = fieldsOf(body) ?? {}
  const messages = Array.isArray(request.messages) ? (request.messages as unknown[]) : []
  if (messages.length === 0) throw missing('messages', body)
  if (request.stream) throw notOffered('streaming is not offered')
  const model = modelName(request.model, 'chat')

  const whole = answer(request.response_format, messages, answersIn)
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

function answer(format: unknown, messages: unknown[], answersIn: Language | undefined): string {
  const schema = schemaOf(format)
  if (schema) return JSON.stringify(answerIn(schema, messages, answersIn))
  const quotes = new Quotes(saidBy(['user'], messages).join('\n'))
  if (fieldsOf(format)?.type === 'json_object') return JSON.stringify({ answer: quotes.next() })
  const sentences = Array.from({ length: Math.min(3, Math.max(1, quotes.size)) }, () => quotes.next())
  const text = sentences.map((sentence) => sentence.slice(label.length + 1)).join(' ')
  return `${label} ${answersIn ? String(renderValue(text, answersIn)) : text}`
}

/** What the assistant said before is not looked at: a question that is asked again is answered anew. */
function answerIn(schema: Fields, messages: unknown[], answersIn: Language | undefined): unknown {
  const user = saidBy(['user'], messages)
  const source = citedSource(user)
  const translation = source ? undefined : translationAskedFor(saidBy(['system', 'user'], messages), schema)
  if (translation) return renderValue(translation.source, answersIn ?? translation.language)
  const filled = fillSchema(schema, new Quotes(user.join('\n')), source)
  return answersIn ? renderValue(filled, answersIn) : filled
}

/** Pages under labels, or accounts of parts under labels. */
function citedSource(user: string[]): CitedSource | undefined {
  const pages = labelledPages(user)
  return pages.length ? new Extract(pages) : Accounts.in(user)
}

function saidBy(roles: readonly string[], messages: unknown[]): string[] {
  const said = messages.filter((message) => roles.includes(String(fieldsOf(message)?.role)))
  return (said.length ? said : messages).map(textOf)
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
