import { Deduplication } from './deduplication.ts'
import { invalid, SqsError } from './errors.ts'
import type { JournalRecord, Lease, QueueSettings } from './journal.ts'
import { LongPolls } from './long-polls.ts'
import type { Message } from './message.ts'
import { compose } from './outgoing.ts'
import { redrivePolicy } from './queue-attributes.ts'
import { newHandle, readHandle } from './receipt-handle.ts'
import { countByState, groupsInFlight, leaseOf, nextVisibleAt } from './visibility.ts'
import type { Outgoing, Sent } from './wire.ts'

/** What a queue must know of the account it belongs to. */
export interface Surroundings {
  accountId: string
  arn(name: string): string
  queueByArn(arn: string): Queue | undefined
  /** Writes a fact down. Called before the fact becomes true here, so that what was answered was also recorded. */
  record(fact: JournalRecord): void
}

/** One queue: its messages in the order they came, and the receivers that wait for more. */
export class Queue {
  readonly name: string
  readonly #messages = new Map<string, Message>()
  readonly #deduplication = new Deduplication()
  readonly #polls = new LongPolls<Message>(() => nextVisibleAt(this.messages))
  readonly #around: Surroundings
  #settings: QueueSettings

  constructor(name: string, settings: QueueSettings, around: Surroundings) {
    this.name = name
    this.#settings = settings
    this.#around = around
  }

  get arn(): string {
    return this.#around.arn(this.name)
  }

  get settings(): QueueSettings {
    return this.#settings
  }

  get messages(): Iterable<Message> {
    return this.#messages.values()
  }

  get fifo(): boolean {
    return this.#settings.attributes.FifoQueue === 'true'
  }

  /** A numeric attribute of the queue. */
  setting(name: string): number {
    return Number(this.#settings.attributes[name])
  }

  change(settings: QueueSettings): void {
    this.#around.record({ op: 'queue', queue: this.name, settings })
    this.#settings = settings
  }

  send(request: Outgoing): Sent {
    const { message, answer } = compose(request, {
      accountId: this.#around.accountId,
      fifo: this.fifo,
      contentBasedDeduplication: this.#settings.attributes.ContentBasedDeduplication === 'true',
      delay: this.setting('DelaySeconds'),
      maximumSize: this.setting('MaximumMessageSize'),
    })
    const key = this.fifo ? message.system.MessageDeduplicationId : undefined
    if (key === undefined) {
      this.put(message)
      return answer
    }

    const earlier = this.#deduplication.earlierAnswer(key, message.sentAt)
    if (earlier) return earlier
    this.put(message)
    this.#around.record({ op: 'deduplicate', queue: this.name, key, at: message.sentAt, answer })
    this.#deduplication.remember(key, message.sentAt, answer)
    return answer
  }

  put(message: Message): void {
    this.#around.record({ op: 'message', queue: this.name, message })
    this.#messages.set(message.id, message)
    this.#polls.wake()
  }

  /** At most `max` messages, hidden from everybody else for `visibility` seconds; waits `wait` seconds for the first. */
  async receive(max: number, visibility: number, wait: number, gone: AbortSignal): Promise<Message[]> {
    const found = this.#take(max, visibility)
    if (found.length > 0 || wait <= 0) return found
    return this.#polls.wait(() => this.#take(max, visibility), wait, gone)
  }

  /** Deletes by any handle the queue ever gave out for the message; a FIFO queue only by the last. Absent is fine. */
  deleteByHandle(handle: string | undefined): void {
    const message = this.#findByHandle(handle)
    if (!message || (this.fifo && message.handle !== handle)) return
    this.remove(message)
    if (this.fifo) this.#polls.wake() // the next of its group may go
  }

  changeVisibility(handle: string | undefined, seconds: number | undefined): void {
    if (!(seconds !== undefined && seconds >= 0 && seconds <= 43_200)) {
      throw invalid(seconds, 'VisibilityTimeout', 'Must be between 0 and 43200, if provided.')
    }
    const message = this.#findByHandle(handle)
    if (!message) {
      const reason = 'Message does not exist or is not available for visibility timeout change.'
      throw invalid(handle, 'ReceiptHandle', reason)
    }
    if (message.visibleAt <= Date.now()) {
      throw new SqsError('MessageNotInflight', 'The message referred to is not in flight.')
    }
    if (message.handle !== handle) return // somebody else holds it by now; a late heartbeat must not touch their time
    this.#hold(message, { ...leaseOf(message), visibleAt: Date.now() + seconds * 1000 })
    if (seconds === 0) this.#polls.wake()
    else this.#polls.wakeAt()
  }

  remove(message: Message): void {
    this.#around.record({ op: 'gone', queue: this.name, id: message.id })
    this.#messages.delete(message.id)
  }

  /** The attributes GetQueueAttributes knows. */
  describe(): Record<string, string> {
    const counts = countByState(this.messages)
    return {
      QueueArn: this.arn,
      ApproximateNumberOfMessages: String(counts.visible),
      ApproximateNumberOfMessagesNotVisible: String(counts.inFlight),
      ApproximateNumberOfMessagesDelayed: String(counts.delayed),
      CreatedTimestamp: String(this.#settings.createdAt),
      LastModifiedTimestamp: String(this.#settings.modifiedAt),
      ...this.#settings.attributes,
    }
  }

  /** Ends every wait: the queue was deleted. */
  abandon(error: Error): void {
    this.#polls.fail(error)
  }

  /** Takes a fact from the journal as it stands. */
  replay(fact: JournalRecord): void {
    if (fact.op === 'queue') this.#settings = fact.settings
    if (fact.op === 'message') this.#messages.set(fact.message.id, fact.message)
    if (fact.op === 'gone') this.#messages.delete(fact.id)
    if (fact.op === 'deduplicate') this.#deduplication.remember(fact.key, fact.at, fact.answer)
    if (fact.op === 'lease') {
      const message = this.#messages.get(fact.id)
      if (message) Object.assign(message, fact.lease)
    }
  }

  /** The facts that describe the queue as it is. */
  *snapshot(): Generator<JournalRecord> {
    const queue = this.name
    yield { op: 'queue', queue, settings: this.#settings }
    for (const message of this.#messages.values()) yield { op: 'message', queue, message }
    yield* this.#deduplication.snapshot(queue)
  }

  /** One look at the queue, first come first served. Moves what was received too often, forgets what is too old. */
  #take(max: number, visibility: number): Message[] {
    const now = Date.now()
    const busyGroups = this.fifo ? groupsInFlight(this.messages, now) : new Set<string | undefined>()
    const redrive = redrivePolicy(this.#settings.attributes)
    const deadLetters = redrive && this.#around.queueByArn(redrive.deadLetterTargetArn)
    const taken: Message[] = []
    const dead: Message[] = []
    for (const message of this.#messages.values()) {
      if (taken.length >= max) break
      const group = message.system.MessageGroupId
      if (now - message.sentAt > this.setting('MessageRetentionPeriod') * 1000) this.remove(message)
      else if (this.fifo && busyGroups.has(group)) continue
      else if (message.visibleAt > now) busyGroups.add(group)
      else if (deadLetters && message.receives >= redrive.maxReceiveCount) dead.push(message)
      else taken.push(this.#receive(message, now, visibility))
    }
    for (const message of dead) this.#bury(message, deadLetters)
    return taken
  }

  #receive(message: Message, now: number, visibility: number): Message {
    this.#hold(message, {
      receives: message.receives + 1,
      visibleAt: now + visibility * 1000,
      firstReceivedAt: message.firstReceivedAt ?? now,
      handle: newHandle(this.name, message.id),
    })
    return { ...message } // with this receive's handle and count, whatever happens to the message before the answer leaves
  }

  /** To the dead letters first, then away from here: a death in between leaves it twice rather than not at all. */
  #bury(message: Message, deadLetters: Queue | undefined): void {
    const { handle: _, ...buried } = message
    deadLetters?.put({
      ...buried,
      visibleAt: Date.now(),
      system: { ...message.system, DeadLetterQueueSourceArn: this.arn },
    })
    this.remove(message)
  }

  #hold(message: Message, lease: Lease): void {
    this.#around.record({ op: 'lease', queue: this.name, id: message.id, lease })
    Object.assign(message, lease)
  }

  #findByHandle(handle: string | undefined): Message | undefined {
    const { queue, messageId } = readHandle(handle ?? '')
    if (queue !== this.name || messageId === undefined) {
      throw new SqsError(
        'ReceiptHandleIsInvalid',
        `The input receipt handle "${handle}" is not a valid receipt handle.`,
      )
    }
    return this.#messages.get(messageId)
  }
}
