import { isDeepStrictEqual } from 'node:util'

/** Something that is to be there, and what about it is ours to say. */
export interface Resource {
  kind: 'table' | 'bucket' | 'queue'
  name: string
  exists(): Promise<boolean>
  /** Makes it; what its aspects say is written after that where it is not so already. */
  create(): Promise<void>
  aspects: Aspect[]
}

/** One thing that can be read, compared and, mostly, changed. Values are plain JSON. */
export interface Aspect {
  name: string
  wanted(): unknown
  read(): Promise<unknown>
  /** Left out where it can only be said when the resource is made. */
  write?(): Promise<void>
  /** Where it depends on what is there whether it can be changed. */
  canChange?(is: unknown): boolean
}

/** What there is to do about a resource. */
export interface Finding {
  kind: Resource['kind']
  name: string
  is: 'missing' | 'different' | 'as wanted'
  differences: Difference[]
}

export interface Difference {
  aspect: string
  is: unknown
  wanted: unknown
  /** False where only deleting it and making it anew would help, which is nobody's business here. */
  canChange: boolean
}

/** Looks at everything and changes nothing. */
export async function look(resources: Resource[]): Promise<Finding[]> {
  return Promise.all(
    resources.map(async (resource) => {
      const { kind, name } = resource
      if (!(await resource.exists())) return { kind, name, is: 'missing', differences: [] }
      const differences = await differencesOf(resource)
      return { kind, name, is: differences.length === 0 ? 'as wanted' : 'different', differences }
    }),
  )
}

/**
 * Makes what is missing and changes what is different and can be changed, one after another in the order given. Deletes
 * nothing. What was done before it fails is done, and the next run goes on from there.
 * @returns what still differs, since it cannot be changed
 */
export async function apply(resources: Resource[], tell: (line: string) => void): Promise<Finding[]> {
  const left: Finding[] = []
  for (const resource of resources) {
    const { kind, name } = resource
    const isNew = !(await resource.exists())
    if (isNew) {
      await resource.create()
      tell(`made the ${kind} ${name}`)
    }
    for (const { aspect, canChange } of await differencesOf(resource)) {
      if (!canChange) continue
      await resource.aspects.find((each) => each.name === aspect)?.write?.()
      if (!isNew) tell(`changed ${aspect} of the ${kind} ${name}`)
    }
    const differences = await differencesOf(resource)
    if (differences.length > 0) left.push({ kind, name, is: 'different', differences })
  }
  return left
}

async function differencesOf({ aspects }: Resource): Promise<Difference[]> {
  const found = await Promise.all(
    aspects.map(async ({ name, wanted, read, write, canChange = () => true }) => {
      const is = await read()
      return { aspect: name, is, wanted: await wanted(), canChange: write !== undefined && canChange(is) }
    }),
  )
  return found.filter(({ is, wanted }) => !isDeepStrictEqual(is, wanted))
}
