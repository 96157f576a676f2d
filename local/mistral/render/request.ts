import { languages, type Language } from '../language.ts'
import { fieldsOf, type Fields } from '../protocol.ts'
import { parsed } from '../written.ts'

/** What a chat asks to have translated. */
export interface Translation {
  source: unknown
  language: Language
}

/**
 * The translation that is asked for: a JSON value with the fields of the answer's schema stands in the messages, and
 * beside it a language is named. Undefined if that is not what is asked for.
 */
export function translationAskedFor(messages: readonly string[], schema: Fields): Translation | undefined {
  const names = Object.keys(fieldsOf(schema.properties) ?? {})
  const found = messages.flatMap(valuesIn).find(({ value }) => isLike(value, names))
  if (!found) return undefined
  const around = messages.map((message) => message.replace(found.text, '')).join('\n')
  const language = languageNamed(around)
  return language && { source: found.value, language }
}

/** The values that stand in a text as JSON, each with its own piece of the text; the outermost ones. */
function valuesIn(text: string): { value: unknown; text: string }[] {
  const values: { value: unknown; text: string }[] = []
  let at = text.indexOf('{')
  while (at !== -1) {
    const end = endOf(text, at)
    const json = text.slice(at, end)
    const value = end === -1 ? undefined : parsed(json)
    if (value !== undefined) values.push({ value, text: json })
    at = text.indexOf('{', value === undefined ? at + 1 : end)
  }
  return values
}

/** Behind the brace that closes the one at `start`, or -1. */
function endOf(text: string, start: number): number {
  let depth = 0
  const tokens = /"(?:[^"\\]|\\.)*"|[{}]/gs
  tokens.lastIndex = start
  for (let token = tokens.exec(text); token; token = tokens.exec(text)) {
    if (token[0] === '{') depth += 1
    if (token[0] === '}') depth -= 1
    if (depth === 0) return tokens.lastIndex
  }
  return -1
}

/** Whether it has most of the fields. */
function isLike(value: unknown, names: readonly string[]): boolean {
  const fields = fieldsOf(value)
  return fields !== undefined && names.filter((name) => name in fields).length * 2 > names.length
}

/** The language that is named most often, English last: instructions say what to translate from as well. */
function languageNamed(text: string): Language | undefined {
  const counts = languages.map((language) => ({
    language,
    count: text.match(spoken[language])?.length ?? 0,
  }))
  const [best] = counts
    .filter(({ language, count }) => language !== 'en' && count > 0)
    .sort((a, b) => b.count - a.count)
  return best?.language ?? counts.find(({ count }) => count > 0)?.language
}

const spoken: Record<Language, RegExp> = {
  en: /\bEnglish\b/gi,
  es: /\bSpanish\b|\bespañol\b|\bcastellano\b|\(es\)|"es"/gi,
  zh: /\bChinese\b|中文|汉语|普通话|\bMandarin\b|\(zh\)|"zh"/gi,
  vi: /\bVietnamese\b|tiếng Việt|\(vi\)|"vi"/gi,
}
