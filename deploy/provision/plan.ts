import { isDeepStrictEqual } from 'node:util'
import { refused } from './refused.ts'

/** Something that is to be there, and what about it is ours to say. */
export interface Resource {
  kind: 'table' | 'bucket' | 'queue'
  name: string
  exists(): Promise<boolean>
  /** Makes it; what its aspects say is written after that where it is not so already. */
  create(): Promise<void>
  /** Waits until one that exists can be used and changed; left out where that is at once. */
  ready?(): Promise<void>
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

/**
 * Looks at everything and changes nothing.
 * @throws Refused
 */
export async function look(resources: Resource[]): Promise<Finding[]> {
  return Promise.all(
    resources.map(async (resource) => {
      const { kind, name } = resource
      if (!(await exists(resource))) return { kind, name, is: 'missing', differences: [] }
      const differences = await differencesOf(resource)
      return { kind, name, is: differences.length === 0 ? 'as wanted' : 'different', differences }
    }),
  )
}

/**
 * Makes what is missing and changes what is different and can be changed, one after another in the order given. Deletes
 * nothing. What was done before it fails is done, and the next run goes on from there; what somebody else does meanwhile
 * counts as done.
 * @returns what still differs, since it cannot be changed
 * @throws Refused
 */
export async function apply(resources: Resource[], tell: (line: string) => void): Promise<Finding[]> {
  const left: Finding[] = []
  for (const resource of resources) {
    const { kind, name, ready } = resource
    const isNew = !(await exists(resource)) && (await make(resource))
    if (isNew) tell(`made the ${kind} ${name}`)
    if (ready) await doing(resource, 'waited for', ready)
    for (const { aspect, canChange } of await differencesOf(resource)) {
      if (!canChange) continue
      const changed = await change(resource, aspect)
      if (changed && !isNew) tell(`changed ${aspect} of the ${kind} ${name}`)
    }
    const differences = await differencesOf(resource)
    if (differences.length > 0) left.push({ kind, name, is: 'different', differences })
  }
  return left
}

const exists = (resource: Resource): Promise<boolean> =>
  doing(resource, 'looked for', () => resource.exists())

/** False when somebody else has made it meanwhile. */
function make(resource: Resource): Promise<boolean> {
  return doing(resource, 'made', async () => {
    try {
      await resource.create()
      return true
    } catch (error) {
      if (await resource.exists()) return false
      throw error
    }
  })
}

/** False when somebody else has changed it meanwhile. */
function change(resource: Resource, name: string): Promise<boolean> {
  return doing(resource, `changed (${name})`, async () => {
    const aspect = resource.aspects.find((each) => each.name === name)
    if (!aspect?.write) return false
    try {
      await aspect.write()
      return true
    } catch (error) {
      await resource.ready?.()
      if (isDeepStrictEqual(await aspect.read(), await aspect.wanted())) return false
      throw error
    }
  })
}

async function differencesOf(resource: Resource): Promise<Difference[]> {
  const found = await Promise.all(
    resource.aspects.map(async ({ name, wanted, read, write, canChange = () => true }) => {
      const is = await doing(resource, `read (${name})`, read)
      return { aspect: name, is, wanted: await wanted(), canChange: write !== undefined && canChange(is) }
    }),
  )
  return found.filter(({ is, wanted }) => !isDeepStrictEqual(is, wanted))
}

/** What goes wrong is told with what it was about: AWS says so only at times. */
async function doing<Done>({ kind, name }: Resource, what: string, work: () => Promise<Done>): Promise<Done> {
  try {
    return await work()
  } catch (error) {
    throw refused(`The ${kind} ${name} could not be ${what}`, error)
  }
}
