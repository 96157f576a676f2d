import type { Components, OpenApi } from './document-shape.ts'

/** Leaves out the components that nothing refers to, not even by way of another. */
export function withoutUnused<Document extends OpenApi>(document: Document): Document {
  const used = new Set<string>()
  const follow = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, inner] of Object.entries(value))
      if (key === '$ref' && typeof inner === 'string') refer(inner)
      else follow(inner)
  }
  const refer = (ref: string): void => {
    const [, kind = '', name = ''] = /^#\/components\/([^/]+)\/([^/]+)$/.exec(ref) ?? []
    if (used.has(ref)) return
    used.add(ref)
    follow(document.components[kind]?.[name])
  }
  follow(document.paths)

  const components: Components = {}
  for (const [kind, named] of Object.entries(document.components)) {
    // These are referred to by name, and there are few.
    const isKept = (name: string) => kind === 'securitySchemes' || used.has(`#/components/${kind}/${name}`)
    components[kind] = Object.fromEntries(Object.entries(named).filter(([name]) => isKept(name)))
  }
  return { ...document, components }
}
