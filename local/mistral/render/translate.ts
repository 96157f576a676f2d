import type { Language } from '../language.ts'
import { fieldsOf } from '../protocol.ts'
import type { Foreign } from './lexicon.ts'
import { renderShort, renderText } from './render.ts'

/** A value with all its texts in another language. What the schema prescribes (keys, ids, enums) and numbers stay. */
export function renderValue(value: unknown, language: Language, name = ''): unknown {
  if (language === 'en' || kept.has(name)) return value
  if (typeof value === 'string') return renderString(value, language, name)
  if (Array.isArray(value)) return (value as unknown[]).map((element) => renderValue(element, language, name))
  const fields = fieldsOf(value)
  if (!fields) return value
  return Object.fromEntries(
    Object.entries(fields).map(([name, inner]) => [name, renderValue(inner, language, name)]),
  )
}

const kept = new Set(['key', 'id', 'language', 'place', 'kind'])

const renderString = (text: string, language: Foreign, name: string): string =>
  /title|heading/i.test(name) ? renderShort(text, language) : renderText(text, language)
