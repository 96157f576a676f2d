import { noSuchQueue } from './account.ts'
import { missing, SqsError } from './errors.ts'
import type { Operation } from './operations.ts'
import { checkAttributes, checkName, defaultAttributes } from './queue-attributes.ts'

/** The actions on queues as such. */
export const queueOperations = {
  CreateQueue(account, { QueueName: name, Attributes: attributes = {}, tags = {} }) {
    if (!name) throw missing('QueueName')
    checkName(name, attributes)
    checkAttributes(attributes, (arn) => account.queueByArn(arn) !== undefined)
    const existing = account.find(name)
    const different = Object.keys(attributes).find(
      (attribute) => existing && existing.settings.attributes[attribute] !== attributes[attribute],
    )
    if (different) {
      throw new SqsError(
        'QueueNameExists',
        `A queue already exists with the same name and a different value for attribute ${different}`,
      )
    }
    const now = epochSeconds()
    if (!existing) {
      const settings = { attributes: { ...defaultAttributes, ...attributes }, tags }
      account.create(name, { ...settings, createdAt: now, modifiedAt: now })
    }
    return { QueueUrl: account.url(name) }
  },

  GetQueueUrl(account, { QueueName: name }) {
    if (!name) throw missing('QueueName')
    if (!account.find(name)) throw noSuchQueue()
    return { QueueUrl: account.url(name) }
  },

  ListQueues(account, { QueueNamePrefix: prefix = '' }) {
    const names = account.queues.map((queue) => queue.name).filter((name) => name.startsWith(prefix))
    return names.length > 0 ? { QueueUrls: names.map((name) => account.url(name)) } : {}
  },

  DeleteQueue(account, { QueueUrl }) {
    account.delete(account.get(QueueUrl))
  },

  PurgeQueue(account, { QueueUrl }) {
    const queue = account.get(QueueUrl)
    for (const message of queue.messages) queue.remove(message)
  },

  GetQueueAttributes(account, { QueueUrl, AttributeNames: names = [] }) {
    const all = account.get(QueueUrl).describe()
    const wanted = Object.entries(all).filter(([name]) => names.includes('All') || names.includes(name))
    return wanted.length > 0 ? { Attributes: Object.fromEntries(wanted) } : {}
  },

  SetQueueAttributes(account, { QueueUrl, Attributes: changes = {} }) {
    const queue = account.get(QueueUrl)
    checkAttributes(changes, (arn) => account.queueByArn(arn) !== undefined && arn !== queue.arn)
    const merged = Object.entries({ ...queue.settings.attributes, ...changes })
    const attributes = Object.fromEntries(merged.filter(([, value]) => value !== '')) // an empty value takes it away
    queue.change({ ...queue.settings, attributes, modifiedAt: epochSeconds() })
  },

  TagQueue(account, { QueueUrl, Tags }) {
    const queue = account.get(QueueUrl)
    queue.change({ ...queue.settings, tags: { ...queue.settings.tags, ...Tags } })
  },

  UntagQueue(account, { QueueUrl, TagKeys = [] }) {
    const queue = account.get(QueueUrl)
    const kept = Object.entries(queue.settings.tags).filter(([key]) => !TagKeys.includes(key))
    queue.change({ ...queue.settings, tags: Object.fromEntries(kept) })
  },

  ListQueueTags(account, { QueueUrl }) {
    return { Tags: account.get(QueueUrl).settings.tags }
  },
} satisfies Record<string, Operation>

function epochSeconds(): number {
  return Math.floor(Date.now() / 1000)
}
