import { batch } from './batch.ts'
import { invalid } from './errors.ts'
import { asReceived } from './message.ts'
import type { Operation } from './operations.ts'

/** The actions on the messages of a queue. */
export const messageOperations = {
  SendMessage(account, request) {
    return account.get(request.QueueUrl).send(request)
  },

  SendMessageBatch(account, { QueueUrl, Entries }) {
    const queue = account.get(QueueUrl)
    return batch(Entries, (entry) => queue.send(entry))
  },

  async ReceiveMessage(account, request, gone) {
    const queue = account.get(request.QueueUrl)
    const max = request.MaxNumberOfMessages ?? 1
    if (!(max >= 1 && max <= 10)) {
      throw invalid(max, 'MaxNumberOfMessages', 'Must be between 1 and 10, if provided.')
    }
    const wait = request.WaitTimeSeconds ?? queue.setting('ReceiveMessageWaitTimeSeconds')
    if (!(wait >= 0 && wait <= 20)) {
      throw invalid(wait, 'WaitTimeSeconds', 'Must be >= 0 and <= 20, if provided.')
    }
    const visibility = request.VisibilityTimeout ?? queue.setting('VisibilityTimeout')
    if (!(visibility >= 0 && visibility <= 43_200)) {
      throw invalid(visibility, 'VisibilityTimeout', 'Must be between 0 and 43200, if provided.')
    }

    const messages = await queue.receive(max, visibility, wait, gone)
    const wanted = {
      attributes: request.MessageAttributeNames ?? [],
      system: [...(request.MessageSystemAttributeNames ?? []), ...(request.AttributeNames ?? [])],
    }
    return messages.length > 0 ? { Messages: messages.map((message) => asReceived(message, wanted)) } : {}
  },

  DeleteMessage(account, { QueueUrl, ReceiptHandle }) {
    account.get(QueueUrl).deleteByHandle(ReceiptHandle)
  },

  DeleteMessageBatch(account, { QueueUrl, Entries }) {
    const queue = account.get(QueueUrl)
    return batch(Entries, (entry) => queue.deleteByHandle(entry.ReceiptHandle))
  },

  ChangeMessageVisibility(account, { QueueUrl, ReceiptHandle, VisibilityTimeout }) {
    account.get(QueueUrl).changeVisibility(ReceiptHandle, VisibilityTimeout)
  },

  ChangeMessageVisibilityBatch(account, { QueueUrl, Entries }) {
    const queue = account.get(QueueUrl)
    return batch(Entries, (entry) => queue.changeVisibility(entry.ReceiptHandle, entry.VisibilityTimeout))
  },
} satisfies Record<string, Operation>
