import type { CitedSource, Extracted } from './extract/extract.ts'
import { fieldsOf, type Fields } from './protocol.ts'
import { resolve } from './resolve-schema.ts'

/**
 * The fields of an object that go with page numbers: beside `pages` all texts of the object, about what its enum says or its own name;
 * with `summaryPages` the field `summary`.
 */
export function fillCited(
  properties: Fields,
  source: CitedSource,
  { root, turn, hint }: { root: Fields; turn: number; hint: string },
): Fields {
  const schemas = Object.entries(properties).map(([name, node]) => [name, resolve(node, root)] as const)
  const citations = schemas.filter(([name, schema]) => /pages$/i.test(name) && isPageList(schema, root))
  if (citations.length === 0) return {}
  if (citations.some(([name]) => name === 'pages')) {
    const [topic] = schemas.flatMap(([, schema]) => oneOf(schema, turn))
    const extracted = source.about(topic ?? hint)
    return Object.fromEntries(schemas.flatMap(([name, schema]) => citedField(name, schema, extracted)))
  }
  const { text, pages } = source.summary()
  return Object.fromEntries(
    citations.flatMap(([name]) => [
      [name, pages],
      [name.replace(/Pages$/, ''), text],
    ]),
  )
}

/** How many keys there are for elements that cite pages; 0 for any other element. */
export function keysOf(node: unknown, root: Fields): number {
  const properties = fieldsOf(resolve(node, root).properties) ?? {}
  if (!isPageList(resolve(properties.pages, root), root)) return 0
  const schemas = Object.values(properties).map((node) => resolve(node, root))
  const keys = schemas.map((schema) => schema.enum).find((values) => Array.isArray(values))
  return Array.isArray(keys) ? keys.length : 0
}

const isPageList = (schema: Fields, root: Fields): boolean =>
  schema.type === 'array' && ['integer', 'number'].includes(String(resolve(schema.items, root).type))

/** The value of an enum or a constant that it is the turn of. */
function oneOf(schema: Fields, turn: number): string[] {
  const options = (Array.isArray(schema.enum) ? (schema.enum as unknown[]) : [schema.const]).filter(
    (option) => typeof option === 'string',
  )
  return options.length ? [options[turn % options.length] as string] : []
}

function citedField(
  name: string,
  schema: Fields,
  { title, text, found, pages }: Extracted,
): [string, unknown][] {
  if (name === 'pages') return [[name, pages]]
  if (schema.type === 'boolean') return [[name, found]]
  if (schema.type !== 'string' || Array.isArray(schema.enum) || 'const' in schema) return []
  return [[name, /title|heading/i.test(name) ? title : text]]
}
