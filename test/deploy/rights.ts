import { describe, type Wishes } from '../../deploy/provision/description.ts'
import { templateOf } from '../../deploy/provision/template.ts'
import { region } from './account.ts'
import type { Passing } from './between.ts'

/** What somebody wants to do to something: `s3:GetObject` on an ARN. */
export interface Right {
  action: string
  resource: string
}

interface Template {
  Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>
}

/** What the template's policy of this name allows: each action with each resource, which may end in a star. */
export function rightsOf(policy: string, wishes: Wishes): Right[] {
  const template = templateOf(describe(wishes)) as unknown as Template
  const { PolicyDocument } = (template.Resources[policy]?.Properties ?? {}) as {
    PolicyDocument: { Statement: { Effect: string; Action: string[]; Resource: object[] }[] }
  }
  return PolicyDocument.Statement.flatMap(({ Effect, Action, Resource, ...more }) => {
    const { Sid: _, ...unknown } = more as Record<string, unknown>
    if (Effect !== 'Allow' || Object.keys(unknown).length > 0)
      throw new Error('There is more to this statement than is understood here.')
    return Action.flatMap((action) =>
      Resource.map((resource) => ({ action, resource: resolve(resource, template) })),
    )
  })
}

export const allows = (right: Right, { action, resource }: Right): boolean =>
  right.action === action &&
  (right.resource.endsWith('*')
    ? resource.startsWith(right.resource.slice(0, -1))
    : right.resource === resource)

/** The rights that a request needs, as AWS's service authorization reference has them. */
export function rightsFor(passing: Passing): Right[] {
  const target = String(passing.headers['x-amz-target'] ?? '')
  if (target.startsWith('DynamoDB_')) return ofDynamodb(passing)
  if (target.startsWith('AmazonSQS.')) return ofSqs(passing)
  return ofS3(passing)
}

const tableArn = (name: string, index?: string): string =>
  `arn:aws:dynamodb:${region}:000000000000:table/${name}${index === undefined ? '' : `/index/${index}`}`
const bucketArn = (name: string): string => `arn:aws:s3:::${name}`
const queueArn = (name: string): string => `arn:aws:sqs:${region}:000000000000:${name}`

function ofDynamodb({ operation, body }: Passing): Right[] {
  const asked = JSON.parse(String(body)) as {
    TableName?: string
    IndexName?: string
    RequestItems?: Record<string, unknown>
    TransactItems?: Record<string, { TableName: string }>[]
  }
  const on = (action: string, table: string, index?: string): Right => ({
    action: `dynamodb:${action}`,
    resource: tableArn(table, index),
  })
  if (asked.TransactItems)
    return asked.TransactItems.flatMap((item) =>
      Object.entries(item).map(([kind, { TableName }]) =>
        on(kind === 'ConditionCheck' ? 'ConditionCheckItem' : `${kind}Item`, TableName),
      ),
    )
  if (asked.RequestItems) return Object.keys(asked.RequestItems).map((table) => on(operation, table))
  return [on(operation, asked.TableName ?? '', asked.IndexName)]
}

function ofSqs({ operation, body }: Passing): Right[] {
  const { QueueUrl = '' } = JSON.parse(String(body)) as { QueueUrl?: string }
  // Batches need the right of the single ones.
  const action = `sqs:${operation.replace(/Batch$/, '')}`
  return [{ action, resource: queueArn(QueueUrl.split('/').at(-1) ?? '') }]
}

function ofS3({ method, url, headers, body }: Passing): Right[] {
  const { pathname, searchParams } = new URL(url, 'http://s3')
  const [bucket = '', ...rest] = pathname.slice(1).split('/')
  const key = decodeURIComponent(rest.join('/'))
  const object = (action: string, at = `${bucket}/${key}`): Right => ({
    action: `s3:${action}`,
    resource: bucketArn(at),
  })
  if (key === '') {
    if (method === 'HEAD' || searchParams.has('list-type'))
      return [{ action: 's3:ListBucket', resource: bucketArn(bucket) }]
    const [, posted] = /name="key"\r\n\r\n([^\r]*)\r\n/.exec(body.toString('latin1')) ?? []
    if (method === 'POST' && posted !== undefined) return [object('PutObject', `${bucket}/${posted}`)]
    return [object(`${method} ${searchParams.toString()}`)]
  }
  const from = headers['x-amz-copy-source']
  if (method === 'PUT' && typeof from === 'string')
    return [object('PutObject'), object('GetObject', decodeURIComponent(from).replace(/^\//, ''))]
  const actions: Record<string, string> = {
    PUT: 'PutObject',
    GET: 'GetObject',
    HEAD: 'GetObject',
    DELETE: 'DeleteObject',
  }
  return [object(actions[method] ?? method)]
}

/** The ARN behind `Fn::GetAtt` and `Fn::Sub`. */
function resolve(value: object, template: Template): string {
  const asked = value as { 'Fn::GetAtt'?: [string, string]; 'Fn::Sub'?: string }
  const [, logical, path] = /^\$\{(\w+)\.Arn\}(.*)$/.exec(asked['Fn::Sub'] ?? '') ?? []
  if (logical !== undefined) return arnOf(logical, template) + path
  const [of, attribute] = asked['Fn::GetAtt'] ?? []
  if (of === undefined || attribute !== 'Arn')
    throw new Error(`This names no resource: ${JSON.stringify(value)}`)
  return arnOf(of, template)
}

function arnOf(logical: string, { Resources }: Template): string {
  const { TableName, BucketName, QueueName } = (Resources[logical]?.Properties ?? {}) as Record<
    string,
    string | undefined
  >
  if (TableName !== undefined) return tableArn(TableName)
  if (BucketName !== undefined) return bucketArn(BucketName)
  if (QueueName !== undefined) return queueArn(QueueName)
  throw new Error(`The template has no ${logical}.`)
}
