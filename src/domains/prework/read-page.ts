import type { Page, PageAsked, PreworkStore, Tables } from './store.ts'

/** Those of a table that have a value in the attribute that one of its indexes is made of. */
export interface IndexedBy {
  table: keyof Tables
  index: string
  name: string
  value: string
  newestFirst?: boolean
}

/** A page of them, in the order of the index. A list goes on after the id that was told last, whether it is still there or not. */
export async function readPage<Item>(
  { documents, tables }: PreworkStore,
  { table, index, name, value, newestFirst = false }: IndexedBy,
  { limit, after }: PageAsked,
): Promise<Page<Item>> {
  const page = await documents.query({
    table: tables[table],
    index,
    partition: { name, value },
    newestFirst,
    limit,
    after: after === undefined ? undefined : { [name]: value, [keys[table]]: after },
  })
  return page as unknown as Page<Item>
}

/** What each table is keyed by: an index holds that as well. */
const keys: Record<keyof Tables, string> = {
  users: 'userId',
  profiles: 'profileId',
  submissions: 'submissionId',
  media: 'mediaId',
  audit: 'logId',
}
