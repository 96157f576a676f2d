import type { Answer } from './answers.ts'
import { bodyOf, receiveText } from './body.ts'
import type { SettingName } from './bucket.ts'
import { parseCorsRules } from './cors.ts'
import { S3Error, type ErrorCode } from './errors.ts'
import { normalNotificationDocument, parseQueueConfigurations } from './notification-configuration.ts'
import type { S3Request } from './request.ts'
import type { StandIn } from './stand-in.ts'
import { mostBucketTags, parseTags } from './tags.ts'
import { element, elements, parseXml, requiredText, text, xmlDocument } from './xml.ts'

type Operation = (request: S3Request, s3: StandIn) => Answer | Promise<Answer>

/** A document that is put to a bucket, read back and deleted. Lifecycle rules are kept, and nothing ever expires. */
interface Setting {
  /** @throws when S3 would refuse the document */
  check: (document: string) => void
  /** What a bucket answers that has none: an error, or S3's default document. */
  absent: ErrorCode | { document: string }
}

/** GetBucketCors, GetBucketEncryption, … */
export function getSetting(name: SettingName): Operation {
  const { absent } = settings[name]
  return ({ bucket }, s3) => {
    const document = s3.store.bucket(bucket).setting(name)
    if (document !== undefined) return { status: 200, xml: document }
    if (typeof absent === 'string') throw new S3Error(absent, undefined, { BucketName: bucket })
    return { status: 200, xml: absent.document }
  }
}

/** PutBucketCors, PutBucketEncryption, … */
export function putSetting(name: SettingName): Operation {
  return async (request, s3) => {
    const document = await receiveText(bodyOf(request))
    settings[name].check(document)
    s3.store.bucket(request.bucket).changeSetting(name, document)
    return { status: name === 'tagging' ? 204 : 200 }
  }
}

/** DeleteBucketCors, DeleteBucketEncryption, … */
export function deleteSetting(name: SettingName): Operation {
  return ({ bucket }, s3) => {
    s3.store.bucket(bucket).changeSetting(name, undefined)
    return { status: 204 }
  }
}

/**
 * PutBucketNotificationConfiguration. Each queue is first sent an `s3:TestEvent`, and one that cannot take it is refused,
 * unless the request says to skip that.
 */
export async function putNotification(request: S3Request, s3: StandIn): Promise<Answer> {
  const document = normalNotificationDocument(await receiveText(bodyOf(request)))
  s3.store.bucket(request.bucket)
  if (request.headers['x-amz-skip-destination-validation']?.toLowerCase() !== 'true') {
    await s3.notifications.test(request, parseQueueConfigurations(document))
  }
  s3.store.bucket(request.bucket).changeSetting('notification', document)
  return { status: 200 }
}

const settings: Record<SettingName, Setting> = {
  cors: { check: parseCorsRules, absent: 'NoSuchCORSConfiguration' },
  encryption: { check: checkEncryption, absent: { document: encryptionByS3() } },
  lifecycle: { check: checkLifecycle, absent: 'NoSuchLifecycleConfiguration' },
  notification: {
    check: parseQueueConfigurations,
    absent: { document: xmlDocument('NotificationConfiguration') },
  },
  publicAccessBlock: { check: checkPublicAccessBlock, absent: 'NoSuchPublicAccessBlockConfiguration' },
  tagging: { check: (document) => parseTags(document, mostBucketTags), absent: 'NoSuchTagSet' },
}

/** Every bucket has been encrypted with keys of S3 since 2023. Here it is said, not done: the disk is the developer's. */
function encryptionByS3(): string {
  const algorithm = element('ApplyServerSideEncryptionByDefault', element('SSEAlgorithm', 'AES256'))
  return xmlDocument(
    'ServerSideEncryptionConfiguration',
    element('Rule', algorithm, element('BucketKeyEnabled', false)),
  )
}

function checkEncryption(document: string): void {
  const [rule, another] = elements(parseXml(document, 'ServerSideEncryptionConfiguration'), 'Rule')
  if (!rule || another) throw new S3Error('MalformedXML')
  for (const byDefault of elements(rule, 'ApplyServerSideEncryptionByDefault')) {
    if (requiredText(byDefault, 'SSEAlgorithm') !== 'AES256') {
      throw new S3Error('NotImplemented', 'Keys of KMS are not available here; only AES256 is.')
    }
  }
}

function checkLifecycle(document: string): void {
  const rules = elements(parseXml(document, 'LifecycleConfiguration'), 'Rule')
  if (rules.length === 0 || rules.length > 1000) throw new S3Error('MalformedXML')
  for (const rule of rules) {
    const appliesToSome = rule['Filter'] !== undefined || rule['Prefix'] !== undefined
    const actions = Object.keys(rule).filter((name) => lifecycleActions.has(name))
    if (!['Enabled', 'Disabled'].includes(requiredText(rule, 'Status')) || !appliesToSome)
      throw new S3Error('MalformedXML')
    if (actions.length === 0) {
      throw new S3Error('InvalidRequest', 'At least one action needs to be specified in a rule.')
    }
  }
  const ids = rules.flatMap((rule) => text(rule, 'ID') ?? [])
  if (new Set(ids).size < ids.length) throw new S3Error('InvalidArgument', 'Rule ID must be unique.')
}

const lifecycleActions = new Set([
  'AbortIncompleteMultipartUpload',
  'Expiration',
  'NoncurrentVersionExpiration',
  'NoncurrentVersionTransition',
  'Transition',
])

function checkPublicAccessBlock(document: string): void {
  const switches = Object.entries(parseXml(document, 'PublicAccessBlockConfiguration')).filter(
    ([name]) => name !== '#text',
  )
  for (const [, values] of switches) {
    if (values?.[0] !== 'true' && values?.[0] !== 'false') throw new S3Error('MalformedXML')
  }
}
