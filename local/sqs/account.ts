import { missing, SqsError } from './errors.ts'
import { Journal } from './journal.ts'
import type { JournalRecord, QueueSettings } from './journal.ts'
import { Queue } from './queue.ts'
import type { Surroundings } from './queue.ts'

/** A message move that was made. Moves here are over before they are answered. */
export interface MoveTask {
  TaskHandle: string
  Status: 'COMPLETED'
  SourceArn: string
  ApproximateNumberOfMessagesMoved: number
  StartedTimestamp: number
}

/** The queues of the one account the stand-in serves, and the journal they are kept in. */
export class Account {
  readonly accountId = '000000000000'
  readonly region: string
  /** The newest first. Not journaled: a restart forgets them, not the messages they moved. */
  readonly moveTasks: MoveTask[] = []
  /** Where the server listens; the URLs of queues are computed from it, so that they follow when it moves. */
  endpoint = ''
  readonly #queues = new Map<string, Queue>()
  readonly #journal: Journal
  readonly #surroundings: Surroundings

  constructor(region: string, journal: string) {
    this.region = region
    this.#surroundings = {
      accountId: this.accountId,
      arn: (name) => this.arn(name),
      queueByArn: (arn) => this.queueByArn(arn),
      record: (fact) => this.#journal.append(fact),
    }
    this.#journal = new Journal(
      journal,
      (fact) => this.#replay(fact),
      () => this.#snapshot(),
    )
  }

  get queues(): Queue[] {
    return [...this.#queues.values()]
  }

  arn(name: string): string {
    return `arn:aws:sqs:${this.region}:${this.accountId}:${name}`
  }

  url(name: string): string {
    return `${this.endpoint}/${this.accountId}/${name}`
  }

  queueByArn(arn: string): Queue | undefined {
    return arn === this.arn(nameIn(arn, ':')) ? this.#queues.get(nameIn(arn, ':')) : undefined
  }

  find(name: string): Queue | undefined {
    return this.#queues.get(name)
  }

  /** @param url of a queue; only its last part counts, so that a URL from before a restart still works. */
  get(url: string | undefined): Queue {
    if (!url) throw missing('QueueUrl')
    const queue = this.#queues.get(nameIn(url, '/'))
    if (!queue) throw noSuchQueue()
    return queue
  }

  create(name: string, settings: QueueSettings): void {
    this.#surroundings.record({ op: 'queue', queue: name, settings })
    this.#queues.set(name, new Queue(name, settings, this.#surroundings))
  }

  delete(queue: Queue): void {
    this.#surroundings.record({ op: 'queue-deleted', queue: queue.name })
    this.#queues.delete(queue.name)
    queue.abandon(noSuchQueue())
  }

  /** Ends the waits and closes the journal; nothing can be recorded after it. */
  close(): void {
    for (const queue of this.#queues.values()) queue.abandon(new Error('the server is stopping'))
    this.#journal.close()
  }

  #replay(fact: JournalRecord): void {
    const queue = this.#queues.get(fact.queue)
    if (queue && fact.op !== 'queue-deleted') queue.replay(fact)
    else if (fact.op === 'queue') {
      this.#queues.set(fact.queue, new Queue(fact.queue, fact.settings, this.#surroundings))
    } else this.#queues.delete(fact.queue)
  }

  *#snapshot(): Generator<JournalRecord> {
    for (const queue of this.#queues.values()) yield* queue.snapshot()
  }
}

export function noSuchQueue(): SqsError {
  return new SqsError('QueueDoesNotExist', 'The specified queue does not exist.')
}

function nameIn(address: string, separator: string): string {
  return address.slice(address.lastIndexOf(separator) + 1)
}
