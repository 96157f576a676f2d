import type { Config } from '../../shared/config.ts'
import { openDocuments, type Documents } from '../../shared/dynamodb.ts'

export type PreworkEnvironment = NonNullable<Config['prework']['environment']>

/** Where Pre-Work keeps what it knows: the tables of one environment. */
export interface PreworkStore {
  documents: Documents
  tables: Tables
}

/** The names of tables, as they are provisioned. */
export type Tables = ReturnType<typeof tablesOf>

/** Nothing is asked of DynamoDB before something is wanted of the store. */
export function openPreworkStore(aws: Config['aws'], environment: PreworkEnvironment): PreworkStore {
  return { documents: openDocuments(aws), tables: tablesOf(environment) }
}

export const tablesOf = (environment: PreworkEnvironment) => ({
  users: `pre-work-users-${environment}`,
  profiles: `pre-work-profiles-${environment}`,
  submissions: `pre-work-submissions-${environment}`,
  media: `pre-work-media-${environment}`,
  audit: `pre-work-audit-log-${environment}`,
})

/** One page of a list: at most so many, after the one with this id. */
export interface PageAsked {
  limit: number
  after: string | undefined
}

/** `more`: there are further ones after the last of these. */
export interface Page<Each> {
  items: Each[]
  more: boolean
}
