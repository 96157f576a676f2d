import { ConditionFailed, type Write } from '../../shared/dynamodb.ts'
import type { PreworkStore } from './store.ts'

/**
 * Makes all of these writes or none, under names for them; those that are undefined are left out.
 * @returns the names of those whose conditions were not met, and then nothing was written; none: it is done
 */
export async function writeTogether<Name extends string>(
  { documents }: PreworkStore,
  named: Record<Name, Write | undefined>,
): Promise<ReadonlySet<Name>> {
  const writes = Object.entries<Write | undefined>(named).flatMap(([name, write]) =>
    write ? [{ name: name as Name, write }] : [],
  )
  try {
    await documents.transact(writes.map(({ write }) => write))
    return new Set()
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error
    return new Set(writes.flatMap(({ name }, n) => (error.failed.includes(n) ? [name] : [])))
  }
}
