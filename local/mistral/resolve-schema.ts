import { notOffered } from './errors.ts'
import { fieldsOf, type Fields } from './protocol.ts'

/** Follows `$ref` and folds `allOf` into one schema. `true` and what is no schema allow anything. */
export function resolve(node: unknown, root: Fields): Fields {
  let schema = fieldsOf(node) ?? {}
  for (let hops = 0; typeof schema.$ref === 'string' && hops < 20; hops += 1)
    schema = lookUp(schema.$ref, root)
  if (!Array.isArray(schema.allOf)) return schema
  const { allOf, ...rest } = schema
  return (allOf as unknown[]).map((part) => resolve(part, root)).reduce(merge, rest)
}

function lookUp(reference: string, root: Fields): Fields {
  if (!reference.startsWith('#')) throw notOffered(`a schema that refers to ${reference}`)
  const steps = reference.slice(1).split('/').filter(Boolean)
  const found = steps.reduce<unknown>((at, step) => fieldsOf(at)?.[unescape(step)], root)
  const schema = fieldsOf(found)
  if (!schema) throw notOffered(`a schema that refers to ${reference}, which is not there`)
  return schema
}

/** JSON pointer's own escapes. */
const unescape = (step: string): string =>
  decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')

const merge = (one: Fields, other: Fields): Fields => ({
  ...one,
  ...other,
  properties: { ...fieldsOf(one.properties), ...fieldsOf(other.properties) },
  required: [...list(one.required), ...list(other.required)],
})

export const list = (value: unknown): string[] => (Array.isArray(value) ? (value as string[]) : [])
