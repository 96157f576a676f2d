import { notOffered } from './errors.ts'
import type { CitedSource } from './extract/extract.ts'
import { fillCited, keysOf } from './fill-cited.ts'
import { fillString } from './fill-string.ts'
import { fieldsOf, type Fields } from './protocol.ts'
import type { Quotes } from './quotes.ts'
import { list, resolve } from './resolve-schema.ts'

/** The schema of a `response_format` or an annotation format, if that is what it demands. */
export function schemaOf(format: unknown): Fields | undefined {
  const { type, json_schema: wanted } = fieldsOf(format) ?? {}
  if (type !== 'json_schema') return undefined
  const schema = fieldsOf(fieldsOf(wanted)?.schema)
  if (!schema) throw notOffered('response_format json_schema without a schema')
  return schema
}

/**
 * A value that fits the schema: strings are sentences of the text, chosen by the name and description of their field;
 * numbers are 1 or the nearest allowed one, booleans false, enums their first value. A recursive schema ends as soon as
 * it may. With a `source`, what the schema wants with page numbers comes from there.
 */
export function fillSchema(schema: Fields, quotes: Quotes, source?: CitedSource): unknown {
  return fill(schema, { root: schema, quotes, source, hint: '', depth: 0, turn: 0 })
}

interface Place {
  root: Fields
  quotes: Quotes
  source: CitedSource | undefined
  /** Name and description of what is being filled. */
  hint: string
  depth: number
  /** Which element of an array it is in, so that neighbours differ. */
  turn: number
}

const deep = 8

function fill(node: unknown, place: Place): unknown {
  const schema = resolve(node, place.root)
  if ('const' in schema) return schema.const
  if (Array.isArray(schema.enum)) return (schema.enum as unknown[])[place.turn % schema.enum.length]
  const options = schema.anyOf ?? schema.oneOf
  if (Array.isArray(options)) return fill(choose(options, place), deeper(place))

  const hint = `${place.hint} ${typeof schema.description === 'string' ? schema.description : ''}`
  switch (typeOf(schema, place)) {
    case 'object':
      return fillObject(schema, place)
    case 'array':
      return fillArray(schema, { ...place, hint })
    case 'integer':
    case 'number':
      return fillNumber(schema)
    case 'boolean':
      return false
    case 'null':
      return null
    default:
      return fillString(schema, place.quotes, hint)
  }
}

const deeper = (place: Place, change: Partial<Place> = {}): Place => ({
  ...place,
  ...change,
  depth: place.depth + 1,
})

/** The first option that says something; `null` only once the schema has gone deep enough. */
function choose(options: unknown[], { depth, root }: Place): unknown {
  const isNull = (option: unknown): boolean => resolve(option, root).type === 'null'
  const nothing = options.find(isNull)
  if (depth >= deep && nothing) return nothing
  return options.find((option) => !isNull(option)) ?? nothing
}

function typeOf(schema: Fields, { depth }: Place): unknown {
  if (Array.isArray(schema.type)) {
    if (depth >= deep && schema.type.includes('null')) return 'null'
    return (schema.type as unknown[]).find((type) => type !== 'null')
  }
  return schema.type ?? (schema.properties ? 'object' : schema.items ? 'array' : 'string')
}

function fillObject(schema: Fields, place: Place): Fields {
  const properties = fieldsOf(schema.properties) ?? {}
  const required = list(schema.required)
  const names = place.depth >= deep ? required : [...new Set([...Object.keys(properties), ...required])]
  const cited = place.source ? fillCited(properties, place.source, place) : {}
  return Object.fromEntries(
    names.map((name) => [
      name,
      cited[name] ?? fill(properties[name] ?? schema.additionalProperties, deeper(place, { hint: name })),
    ]),
  )
}

/**
 * Three elements where the schema allows it, and never more than there are sentences to fill them with. Elements that
 * cite pages come once for each of the keys they may have.
 */
function fillArray(schema: Fields, place: Place): unknown[] {
  const tuple = Array.isArray(schema.prefixItems) ? (schema.prefixItems as unknown[]) : []
  const least = number(schema.minItems, tuple.length)
  const keys = place.source ? keysOf(schema.items, place.root) : 0
  const usual = place.depth >= deep ? 0 : keys || Math.min(3, Math.max(1, place.quotes.size))
  const length = tuple.length || Math.min(Math.max(least, usual), number(schema.maxItems, Infinity))
  return Array.from({ length }, (_, turn) => fill(tuple[turn] ?? schema.items, deeper(place, { turn })))
}

function fillNumber(schema: Fields): number {
  const step = number(schema.multipleOf, 1)
  const least = Math.max(number(schema.minimum, -Infinity), number(schema.exclusiveMinimum, -Infinity) + step)
  const most = Math.min(number(schema.maximum, Infinity), number(schema.exclusiveMaximum, Infinity) - step)
  const near = Math.min(Math.max(1, least), most)
  return schema.multipleOf === undefined ? near : Math.ceil(near / step) * step
}

const number = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise)
