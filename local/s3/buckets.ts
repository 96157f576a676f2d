import type { Answer } from './answers.ts'
import { bodyOf, receiveText } from './body.ts'
import { S3Error } from './errors.ts'
import type { S3Request } from './request.ts'
import type { StandIn } from './stand-in.ts'
import { element, parseXml, text, xmlDocument } from './xml.ts'

/** ListBuckets */
export function listBuckets(_request: S3Request, s3: StandIn): Answer {
  const buckets = s3.store
    .buckets()
    .map(({ name, createdAt }) =>
      element('Bucket', element('Name', name), element('CreationDate', createdAt)),
    )
  const owner = element('Owner', element('ID', s3.credentials.accessKeyId))
  return { status: 200, xml: xmlDocument('ListAllMyBucketsResult', owner, element('Buckets', buckets)) }
}

/** CreateBucket: private from the start, as S3 makes them since 2023. */
export async function createBucket(request: S3Request, s3: StandIn): Promise<Answer> {
  const document = await receiveText(bodyOf(request))
  const region = document
    ? text(parseXml(document, 'CreateBucketConfiguration'), 'LocationConstraint')
    : undefined
  if (region && region !== s3.region) {
    throw new S3Error(
      'IllegalLocationConstraintException',
      `The ${region} location constraint is not ${s3.region}.`,
    )
  }

  s3.store.createBucket({
    name: request.bucket,
    createdAt: new Date().toISOString(),
    settings: { publicAccessBlock: everythingBlocked },
  })
  return { status: 200, headers: { Location: `/${request.bucket}` } }
}

const everythingBlocked = xmlDocument(
  'PublicAccessBlockConfiguration',
  ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'].map((name) =>
    element(name, true),
  ),
)

/** HeadBucket */
export function headBucket({ bucket }: S3Request, s3: StandIn): Answer {
  s3.store.bucket(bucket)
  return { status: 200, headers: { 'x-amz-bucket-region': s3.region } }
}

/** DeleteBucket */
export async function deleteBucket({ bucket }: S3Request, s3: StandIn): Promise<Answer> {
  await s3.store.removeBucket(bucket)
  return { status: 204 }
}

/** GetBucketLocation: us-east-1, the oldest, is spelled as nothing. */
export function getBucketLocation({ bucket }: S3Request, s3: StandIn): Answer {
  s3.store.bucket(bucket)
  return {
    status: 200,
    xml: xmlDocument('LocationConstraint', s3.region === 'us-east-1' ? undefined : s3.region),
  }
}

/** GetBucketVersioning: never enabled here, and an unversioned bucket says nothing. */
export function getBucketVersioning({ bucket }: S3Request, s3: StandIn): Answer {
  s3.store.bucket(bucket)
  return { status: 200, xml: xmlDocument('VersioningConfiguration') }
}
