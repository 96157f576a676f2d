import { SqsError } from './errors.ts'
import { sizeOf } from './message.ts'
import { largestMessage } from './queue-attributes.ts'
import type { Entry, Request } from './wire.ts'

/**
 * Runs `each` for every entry of a batch. An entry that is refused does not hold the others back.
 * @throws SqsError when SQS would refuse the batch as a whole.
 */
export function batch(entries: Request['Entries'], each: (entry: Entry) => object | void): object {
  const Successful: object[] = []
  const Failed: object[] = []
  for (const entry of checkBatch(entries)) {
    try {
      Successful.push({ Id: entry.Id, ...each(entry) })
    } catch (error) {
      if (!(error instanceof SqsError)) throw error
      Failed.push({ Id: entry.Id, Code: error.queryCode, Message: error.message, SenderFault: true })
    }
  }
  return { Successful, ...(Failed.length > 0 && { Failed }) }
}

function checkBatch(entries: Entry[] = []): Entry[] {
  if (entries.length === 0) {
    throw new SqsError('EmptyBatchRequest', 'There should be at least one entry in the request.')
  }
  if (entries.length > 10) {
    throw new SqsError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are 10. You have sent ${entries.length}.`,
    )
  }
  const ids = entries.map((entry) => entry.Id)
  if (new Set(ids).size !== ids.length) {
    const repeated = ids.find((id, index) => ids.indexOf(id) !== index)
    throw new SqsError('BatchEntryIdsNotDistinct', `Id ${repeated} repeated.`)
  }
  if (!ids.every((id) => /^[\w-]{1,80}$/.test(id))) {
    throw new SqsError(
      'InvalidBatchEntryId',
      'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
    )
  }
  const size = entries.reduce(
    (sum, entry) => sum + sizeOf(entry.MessageBody ?? '', entry.MessageAttributes),
    0,
  )
  if (size > largestMessage) {
    throw new SqsError(
      'BatchRequestTooLong',
      `Batch requests cannot be longer than ${largestMessage} bytes. You have sent ${size} bytes.`,
    )
  }
  return entries
}
