import type { Answer } from './answers.ts'
import { deleteSetting, getSetting, putNotification, putSetting } from './bucket-settings.ts'
import {
  createBucket,
  deleteBucket,
  getBucketLocation,
  getBucketVersioning,
  headBucket,
  listBuckets,
} from './buckets.ts'
import { completeUpload } from './complete-upload.ts'
import { copyObject } from './copy.ts'
import { S3Error } from './errors.ts'
import { listObjects } from './listing.ts'
import { abortUpload, createUpload, listParts, listUploads, uploadPart } from './multipart.ts'
import {
  deleteObject,
  deleteObjects,
  deleteObjectTagging,
  getObject,
  getObjectTagging,
  putObject,
  putObjectTagging,
} from './objects.ts'
import type { S3Request } from './request.ts'
import type { StandIn } from './stand-in.ts'

export type Operation = (request: S3Request, s3: StandIn) => Answer | Promise<Answer>

/**
 * What S3 does for a method and, after the question mark, the one query parameter that selects among several things.
 * @throws NotImplemented, MethodNotAllowed
 */
export function operationFor({ method, bucket, key, query }: S3Request): Operation {
  const table = bucket === '' ? accountOperations : key === '' ? bucketOperations : objectOperations
  const selector = selectors.find((name) => query.has(name))
  const operation = table[selector ? `${method} ?${selector}` : method]
  if (operation) return operation
  if (selector) throw new S3Error('NotImplemented', undefined, { Query: selector })
  throw new S3Error('MethodNotAllowed', undefined, { Method: method })
}

const accountOperations: Record<string, Operation> = {
  GET: listBuckets,
}

const bucketOperations: Record<string, Operation> = {
  PUT: createBucket,
  HEAD: headBucket,
  DELETE: deleteBucket,
  'GET ?list-type': listObjects,
  'POST ?delete': deleteObjects,
  'GET ?uploads': listUploads,
  'GET ?location': getBucketLocation,
  'GET ?versioning': getBucketVersioning,
  'GET ?cors': getSetting('cors'),
  'PUT ?cors': putSetting('cors'),
  'DELETE ?cors': deleteSetting('cors'),
  'GET ?encryption': getSetting('encryption'),
  'PUT ?encryption': putSetting('encryption'),
  'DELETE ?encryption': deleteSetting('encryption'),
  'GET ?lifecycle': getSetting('lifecycle'),
  'PUT ?lifecycle': putSetting('lifecycle'),
  'DELETE ?lifecycle': deleteSetting('lifecycle'),
  'GET ?notification': getSetting('notification'),
  'PUT ?notification': putNotification,
  'GET ?publicAccessBlock': getSetting('publicAccessBlock'),
  'PUT ?publicAccessBlock': putSetting('publicAccessBlock'),
  'DELETE ?publicAccessBlock': deleteSetting('publicAccessBlock'),
  'GET ?tagging': getSetting('tagging'),
  'PUT ?tagging': putSetting('tagging'),
  'DELETE ?tagging': deleteSetting('tagging'),
}

const objectOperations: Record<string, Operation> = {
  PUT: putOrCopy,
  GET: getObject,
  HEAD: getObject,
  DELETE: deleteObject,
  'GET ?tagging': getObjectTagging,
  'PUT ?tagging': putObjectTagging,
  'DELETE ?tagging': deleteObjectTagging,
  'POST ?uploads': createUpload,
  'PUT ?uploadId': uploadPart,
  'POST ?uploadId': completeUpload,
  'DELETE ?uploadId': abortUpload,
  'GET ?uploadId': listParts,
}

function putOrCopy(request: S3Request, s3: StandIn): Promise<Answer> {
  return request.headers['x-amz-copy-source'] ? copyObject(request, s3) : putObject(request, s3)
}

/**
 * All of S3's, so that one without an operation above is refused, not taken for something else. `uploadId` comes before
 * the `partNumber` that goes with it.
 */
const selectors = [
  'uploadId uploads delete list-type versionId versions partNumber attributes accelerate acl analytics cors encryption',
  'intelligent-tiering inventory legal-hold lifecycle location logging metadataTable metrics notification object-lock',
  'ownershipControls policy policyStatus publicAccessBlock renameObject replication requestPayment restore retention',
  'select session tagging torrent versioning website',
].flatMap((names) => names.split(' '))
