import type { Bucket } from '../../shared/bucket.ts'
import type { Config } from '../../shared/config.ts'
import { openBucket } from '../../shared/open-bucket.ts'
import type { PreworkEnvironment } from './store.ts'

/** Where the files of one environment are. */
export interface PreworkBuckets {
  /** Pictures, films and sounds. */
  uploads: Bucket
  /** PDFs and texts. */
  documents: Bucket
  thumbnails: Bucket
}

/** The names of buckets, as they are provisioned. */
export const bucketsOf = (environment: PreworkEnvironment): Record<keyof PreworkBuckets, string> => ({
  uploads: `pre-work-media-uploads-${environment}`,
  documents: `pre-work-documents-${environment}`,
  thumbnails: `pre-work-thumbnails-${environment}`,
})

/** Nothing is asked of S3 before something is wanted of a bucket. */
export function openPreworkBuckets(
  aws: Config['aws'],
  environment: PreworkEnvironment,
): { buckets: PreworkBuckets; close(): void } {
  const names = bucketsOf(environment)
  const uploads = openBucket(aws, names.uploads)
  const documents = openBucket(aws, names.documents)
  const thumbnails = openBucket(aws, names.thumbnails)
  return {
    buckets: { uploads, documents, thumbnails },
    close: () => {
      for (const bucket of [uploads, documents, thumbnails]) bucket.close()
    },
  }
}
