import { invalid, SqsError } from './errors.ts'

export const largestMessage = 1024 * 1024

/** What a queue is created with unless CreateQueue says otherwise (SQS API Reference). */
export const defaultAttributes: Readonly<Record<string, string>> = {
  VisibilityTimeout: '30',
  MaximumMessageSize: String(largestMessage),
  MessageRetentionPeriod: '345600',
  DelaySeconds: '0',
  ReceiveMessageWaitTimeSeconds: '0',
  SqsManagedSseEnabled: 'true',
}

export interface RedrivePolicy {
  deadLetterTargetArn: string
  maxReceiveCount: number
}

export function redrivePolicy(attributes: Record<string, string>): RedrivePolicy | undefined {
  return attributes.RedrivePolicy ? (JSON.parse(attributes.RedrivePolicy) as RedrivePolicy) : undefined
}

/** @throws SqsError unless every attribute is known and within its range. */
export function checkAttributes(
  attributes: Record<string, string>,
  queueExists: (arn: string) => boolean,
): void {
  for (const [name, value] of Object.entries(attributes)) {
    const range = ranges[name]
    if (range) checkRange(name, value, range)
    else if (name === 'RedrivePolicy') checkRedrivePolicy(value, queueExists)
    else if (!unchecked.has(name)) throw new SqsError('InvalidAttributeName', `Unknown Attribute ${name}.`)
  }
}

/** @throws SqsError unless the name is well formed and ends in `.fifo` exactly when the queue is a FIFO queue. */
export function checkName(name: string, attributes: Record<string, string>): void {
  const wellFormed = /^[\w-]{1,80}$/.test(name.replace(/\.fifo$/, '')) && name.length <= 80
  if (!wellFormed || name.endsWith('.fifo') !== (attributes.FifoQueue === 'true')) {
    throw new SqsError(
      'InvalidParameterValue',
      'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length',
    )
  }
}

const ranges: Record<string, readonly [least: number, most: number]> = {
  VisibilityTimeout: [0, 43_200],
  MaximumMessageSize: [1024, largestMessage],
  MessageRetentionPeriod: [60, 1_209_600],
  DelaySeconds: [0, 900],
  ReceiveMessageWaitTimeSeconds: [0, 20],
}

/** Stored and reported; only the FIFO ones change what the stand-in does. */
const unchecked = new Set([
  'ContentBasedDeduplication',
  'DeduplicationScope',
  'FifoQueue',
  'FifoThroughputLimit',
  'KmsDataKeyReusePeriodSeconds',
  'KmsMasterKeyId',
  'Policy',
  'RedriveAllowPolicy',
  'SqsManagedSseEnabled',
])

function checkRange(name: string, value: string, [least, most]: readonly [number, number]): void {
  if (!/^\d+$/.test(value) || Number(value) < least || Number(value) > most) {
    throw new SqsError('InvalidAttributeValue', `Invalid value for the parameter ${name}.`)
  }
}

function checkRedrivePolicy(value: string, queueExists: (arn: string) => boolean): void {
  if (value === '') return // takes the policy away
  const policy = parseJson(value)
  if (!policy) throw invalid(value, 'RedrivePolicy', 'Redrive policy is not a valid JSON map.')
  const count = Number(policy.maxReceiveCount)
  if (!(count >= 1 && count <= 1000)) {
    throw invalid(value, 'RedrivePolicy', 'Invalid value for maxReceiveCount.')
  }
  if (!policy.deadLetterTargetArn || !queueExists(policy.deadLetterTargetArn)) {
    throw invalid(value, 'RedrivePolicy', 'Dead letter target does not exist.')
  }
}

function parseJson(text: string): Partial<RedrivePolicy> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
