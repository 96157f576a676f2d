import { randomUUID } from 'node:crypto'
import { S3Error } from './errors.ts'
import { element, elements, parseXml, requiredText, text, texts, xmlDocument } from './xml.ts'

/** Which events of which keys go to which queue. */
export interface QueueConfiguration {
  id: string
  queueArn: string
  /** `s3:ObjectCreated:Put`, `s3:ObjectCreated:*`, … */
  events: string[]
  prefix: string
  suffix: string
}

/**
 * Reads a notification configuration. Queues are the only destination here, and the others are refused rather than
 * forgotten.
 * @throws MalformedXML, InvalidArgument, NotImplemented
 */
export function parseQueueConfigurations(document: string): QueueConfiguration[] {
  const root = parseXml(document, 'NotificationConfiguration')
  const elsewhere = Object.keys(root).find((name) => name !== 'QueueConfiguration' && name !== '#text')
  if (elsewhere !== undefined) {
    throw new S3Error('NotImplemented', `Events go to queues only; ${elsewhere} cannot be served here.`)
  }

  return elements(root, 'QueueConfiguration').map((configuration) => {
    const rules = elements(configuration, 'Filter')
      .flatMap((filter) => elements(filter, 'S3Key'))
      .flatMap((key) => elements(key, 'FilterRule'))
      .map((rule) => ({ name: requiredText(rule, 'Name').toLowerCase(), value: text(rule, 'Value') ?? '' }))
    const unknown = rules.find(({ name }) => name !== 'prefix' && name !== 'suffix')
    if (unknown) throw new S3Error('InvalidArgument', 'filter rule name must be either prefix or suffix')

    return {
      id: text(configuration, 'Id') || randomUUID(),
      queueArn: checkedArn(requiredText(configuration, 'Queue')),
      events: checkedEvents(texts(configuration, 'Event')),
      prefix: rules.find(({ name }) => name === 'prefix')?.value ?? '',
      suffix: rules.find(({ name }) => name === 'suffix')?.value ?? '',
    }
  })
}

/** The same configuration with every id filled in, which is how S3 gives it back. */
export function normalNotificationDocument(document: string): string {
  const configurations = parseQueueConfigurations(document)
  const ids = new Set(configurations.map(({ id }) => id))
  if (ids.size < configurations.length)
    throw new S3Error('InvalidArgument', 'Configuration Ids must be unique.')
  return xmlDocument(
    'NotificationConfiguration',
    configurations.map(({ id, queueArn, events, prefix, suffix }) =>
      element(
        'QueueConfiguration',
        element('Id', id),
        element('Queue', queueArn),
        events.map((event) => element('Event', event)),
        prefix || suffix
          ? element('Filter', element('S3Key', filterRule('Prefix', prefix), filterRule('Suffix', suffix)))
          : undefined,
      ),
    ),
  )
}

/** @param event without `s3:` */
export function wants({ events, prefix, suffix }: QueueConfiguration, event: string, key: string): boolean {
  const named = events.some((wanted) => {
    const isFamily = wanted.endsWith('*')
    return isFamily ? `s3:${event}`.startsWith(wanted.slice(0, -1)) : `s3:${event}` === wanted
  })
  return named && key.startsWith(prefix) && key.endsWith(suffix)
}

function filterRule(name: string, value: string) {
  return value ? element('FilterRule', element('Name', name), element('Value', value)) : undefined
}

function checkedArn(arn: string): string {
  if (/^arn:aws[\w-]*:sqs:[\w-]+:\d{12}:[\w-]{1,80}$/.test(arn)) return arn
  throw new S3Error('InvalidArgument', 'The ARN could not be parsed', {
    ArgumentName: 'Queue',
    ArgumentValue: arn,
  })
}

function checkedEvents(events: string[]): string[] {
  const unknown = events.find((event) => !knownEvent.test(event))
  if (events.length > 0 && unknown === undefined) return events
  throw new S3Error('InvalidArgument', 'A specified event is not supported for notifications', {
    ArgumentName: 'Event',
    ArgumentValue: unknown ?? '',
  })
}

/** Those that happen here. S3 knows more, of restores, replication and lifecycle. */
const knownEvent =
  /^s3:(ObjectCreated:(\*|Put|Post|Copy|CompleteMultipartUpload)|ObjectRemoved:(\*|Delete)|ObjectTagging:(\*|Put|Delete))$/
