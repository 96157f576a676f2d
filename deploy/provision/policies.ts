import { KEPT, tells, UPLOADS, type Description } from './description.ts'
import { arnOf, below, idOf } from './logical-ids.ts'

interface Statement {
  Sid: string
  Effect: 'Allow'
  Action: string[]
  Resource: object[]
}

type Policy = [logical: string, resource: { Type: string; Properties: object }]

/**
 * Instead of the guide's one policy for everything, one for each kind of process, with what its code sends and no more: `web`
 * writes rows and signs addresses, workers look at what was uploaded, `events` reads the queue. The clock and the sweep need
 * nothing of AWS. `BatchWriteItem` is missing on purpose: every change is a transaction with its entry in the audit log, and
 * only tests and the bench write in batches. What a transaction does needs the rights of its parts.
 */
export function policiesOf({ tables, buckets, environment }: Description): Policy[] {
  const named = ({ name }: { name: string }) => idOf(name, environment)
  const uploaded = buckets.filter(tells).map(named)
  const all = buckets.map(named)
  const objects = (logical: string[], prefix: string) => logical.map((each) => below(each, `/${prefix}*`))

  return [
    policy('WebPolicy', [
      may('Read', ['dynamodb:GetItem'], ofRows),
      may('List', ['dynamodb:Query'], tables.map(named), '/index/*'),
      may('ReadMany', ['dynamodb:BatchGetItem'], ['Media']),
      may('Write', ['dynamodb:PutItem'], [...ofRows, AUDIT_LOG]),
      may('Change', ['dynamodb:UpdateItem'], ['Users', 'Media']),
      may('Remove', ['dynamodb:DeleteItem'], ['Users', 'Submissions', 'Media']),
      // Rights hold when a change is made: the transaction looks at who asks for it.
      may('Check', ['dynamodb:ConditionCheckItem'], ['Users', 'Profiles']),
      // Addresses are signed with these: to upload, and to look at what is kept.
      allow('SignUploads', ['s3:PutObject'], objects(uploaded, UPLOADS)),
      allow('SignDownloads', ['s3:GetObject'], objects(all, KEPT)),
    ]),
    policy('WorkerPolicy', [
      may('Change', ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:DeleteItem'], ['Media']),
      may('WriteAuditLog', ['dynamodb:PutItem'], [AUDIT_LOG]),
      allow('ReadUploads', ['s3:GetObject'], objects(uploaded, UPLOADS)),
      allow('Keep', ['s3:PutObject'], objects(all, KEPT)),
      allow('RemoveUploads', ['s3:DeleteObject'], objects(uploaded, UPLOADS)),
      allow('RemoveKept', ['s3:DeleteObject'], objects(all, KEPT)),
      // Without it, what is not there looks like what may not be seen.
      may('ListObjects', ['s3:ListBucket'], all),
    ]),
    policy('EventsPolicy', [
      may(
        'TakeEvents',
        ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility'],
        ['EventsQueue'],
      ),
    ]),
  ]
}

/** Its entries are written once: nobody may change or remove one, or read one but by the lists. */
const AUDIT_LOG = 'AuditLog'
const ofRows = ['Users', 'Profiles', 'Submissions', 'Media']

/** With the resources of these names, or with what is below them. */
const may = (Sid: string, Action: string[], logical: string[], path?: string): Statement =>
  allow(
    Sid,
    Action,
    logical.map((each) => (path === undefined ? arnOf(each) : below(each, path))),
  )

const allow = (Sid: string, Action: string[], Resource: object[]): Statement => ({
  Sid,
  Effect: 'Allow',
  Action,
  Resource,
})

const policy = (logical: string, Statement: Statement[]): Policy => [
  logical,
  {
    Type: 'AWS::IAM::ManagedPolicy',
    Properties: { PolicyDocument: { Version: '2012-10-17', Statement } },
  },
]
