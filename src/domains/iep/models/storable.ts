/**
 * A copy of a JSON value that Postgres can store: without NUL, and with halves of characters (lone surrogates) replaced
 * by the sign for a broken character. Damaged scans produce both.
 */
export function storable<Value>(value: Value): Value {
  return clean(value) as Value
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('\0', '').toWellFormed()
  if (Array.isArray(value)) return value.map(clean)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([name, field]) => [clean(name) as string, clean(field)]),
    )
  return value
}
