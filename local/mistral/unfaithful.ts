import { fieldsOf, type Fields } from './protocol.ts'

/** A text in what a model wrote, and where it stands. */
interface Passage {
  holder: Fields
  name: string
  /** The `key` of the element it is in, if it is in one. */
  key: unknown
  text: string
}

/** A copy of `value` with a number in it that nobody gave. */
export function withNumber(
  value: unknown,
  { place, how, number }: { place?: string | undefined; how: 'change' | 'add'; number: number },
): unknown {
  const copy = structuredClone(value)
  const passages = passagesOf(copy, place)
  const passage = passages.find(({ text }) => how === 'add' || anyNumber.test(text)) ?? passages[0]
  if (passage) {
    const changed = passage.text.replace(anyNumber, String(number))
    write(passage, changed === passage.text || how === 'add' ? inside(passage.text, String(number)) : changed)
  }
  return copy
}

/** A number that is not the mark of a list item. */
const anyNumber = /(?<![\d.,:/-])(?!\d+[.)] )\d+(?:[.,]\d+)*/

/** A copy of `value` with a person in it whom nobody named. */
export function withName(
  value: unknown,
  { place, name }: { place?: string | undefined; name: string },
): unknown {
  const copy = structuredClone(value)
  const [passage] = passagesOf(copy, place)
  if (passage) write(passage, inside(passage.text, name))
  return copy
}

/** A copy of `value` that cites a page that is not there. */
export function withPage(
  value: unknown,
  { place, how, page }: { place?: string | undefined; how: 'add' | 'replace'; page: number },
): unknown {
  const copy = structuredClone(value)
  const citation = citationsOf(copy).find(({ holder, name, key }) => isIn({ name, key }, place, holder))
  if (citation) {
    const { holder, name } = citation
    holder[name] = how === 'add' ? [...(holder[name] as unknown[]), page] : [page]
  }
  return copy
}

/** A copy of `value` without some of its sections, or with nothing in them. */
export function withoutSections(
  value: unknown,
  { keys, how }: { keys?: string[] | undefined; how: 'drop' | 'empty' },
): unknown {
  const copy = structuredClone(value)
  for (const list of listsOf(copy)) {
    const keyed = list.filter((element) => fieldsOf(element)?.key !== undefined) as Fields[]
    const gone = keys ? keyed.filter(({ key }) => keys.includes(String(key))) : keyed.slice(-1)
    for (const section of gone) {
      if (how === 'drop') list.splice(list.indexOf(section), 1)
      else Object.assign(section, blank(section))
    }
  }
  return copy
}

/** A copy of `value` that lost a list item, a table row or a paragraph. */
export function withBrokenStructure(value: unknown, { place }: { place?: string | undefined }): unknown {
  const copy = structuredClone(value)
  const passages = passagesOf(copy, place)
  const passage =
    passages.find(({ text }) => items.test(text)) ?? passages.find(({ text }) => /\n/.test(text))
  if (passage) {
    const lines = passage.text.split('\n')
    const item = lines.findLastIndex((line) => items.test(line))
    lines.splice(item === -1 ? lines.length - 1 : item, 1)
    write(passage, lines.join('\n').trim())
  }
  return copy
}

const items = /^\s*(?:[-*+] |\d+[.)] |\|(?!\s*:?-))/m

/** Puts something in parentheses behind the last sentence that is no row of a table. */
function inside(text: string, addition: string): string {
  const lines = text.split('\n')
  const at = lines.findLastIndex((line) => line.trim() !== '' && !line.startsWith('|'))
  if (at === -1) return `${text} (${addition})`
  lines[at] = (lines[at] ?? '').replace(/([.。!?]?)\s*$/u, ` (${addition})$1`)
  return lines.join('\n')
}

const write = ({ holder, name }: Passage, text: string): void => {
  holder[name] = text
}

/** All running text in a value; that in the place if one is named. */
function passagesOf(value: unknown, place: string | undefined): Passage[] {
  const passages = objectsOf(value).flatMap(({ fields, key }) =>
    Object.entries(fields).flatMap(([name, text]): Passage[] =>
      typeof text === 'string' && !['key', 'id', 'title', 'language'].includes(name)
        ? [{ holder: fields, name, key, text }]
        : [],
    ),
  )
  return passages.filter((passage) => passage.holder.found !== false && isIn(passage, place, passage.holder))
}

/** All lists of page numbers in a value. */
function citationsOf(value: unknown): { holder: Fields; name: string; key: unknown }[] {
  return objectsOf(value).flatMap(({ fields, key }) =>
    Object.keys(fields)
      .filter((name) => /pages$/i.test(name) && Array.isArray(fields[name]))
      .map((name) => ({ holder: fields, name, key })),
  )
}

const isIn = (
  { name, key }: { name: string; key: unknown },
  place: string | undefined,
  holder: Fields,
): boolean =>
  place === undefined || key === place || name === place || (name === `${place}Pages` && place in holder)

const listsOf = (value: unknown): unknown[][] =>
  objectsOf(value).flatMap(({ fields }) => Object.values(fields).filter((inner) => Array.isArray(inner)))

/** A value's objects, from the outside in, each with the `key` it goes by. */
function objectsOf(value: unknown, key?: unknown): { fields: Fields; key: unknown }[] {
  if (Array.isArray(value)) return (value as unknown[]).flatMap((element) => objectsOf(element, key))
  const fields = fieldsOf(value)
  if (!fields) return []
  const own = fields.key ?? key
  return [
    { fields, key: own },
    ...Object.entries(fields).flatMap(([name, inner]) => objectsOf(inner, Array.isArray(inner) ? own : name)),
  ]
}

function blank(section: Fields): Fields {
  const entries = Object.entries(section).filter(([name]) => name !== 'key' && name !== 'title')
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      Array.isArray(value) ? [] : typeof value === 'string' ? '' : typeof value === 'boolean' ? false : value,
    ]),
  )
}
