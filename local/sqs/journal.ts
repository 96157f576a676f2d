import * as fs from 'node:fs'
import path from 'node:path'
import type { Message } from './message.ts'
import type { Sent } from './wire.ts'

/** One fact about the queues. Replayed in order, the records give back everything the stand-in knew. */
export type JournalRecord =
  | { op: 'queue'; queue: string; settings: QueueSettings }
  | { op: 'queue-deleted'; queue: string }
  | { op: 'message'; queue: string; message: Message }
  | { op: 'lease'; queue: string; id: string; lease: Lease }
  | { op: 'gone'; queue: string; id: string }
  | { op: 'deduplicate'; queue: string; key: string; at: number; answer: Sent }

export interface QueueSettings {
  attributes: Record<string, string>
  tags: Record<string, string>
  /** Seconds since 1970, as SQS reports them. */
  createdAt: number
  modifiedAt: number
}

/** What a receive or a change of visibility changes in a message. */
export type Lease = Pick<Message, 'visibleAt' | 'receives' | 'firstReceivedAt' | 'handle'>

/**
 * An append-only file, one JSON record a line. A record is with the kernel before its request is answered, so it
 * survives the death of the process (not a power cut: nothing is fsynced). The file is rewritten from the present
 * state when it is opened, and whenever it has grown well past what that state needs.
 */
export class Journal {
  readonly #file: string
  readonly #snapshot: () => Iterable<JournalRecord>
  #descriptor: number
  #size = 0
  #compactAt = 0

  /**
   * @param replay is given each record of the file, before anything is written.
   * @param snapshot names the records that describe the present state.
   * @throws when a line other than the last is unreadable: that is damage, not a torn write.
   */
  constructor(
    file: string,
    replay: (record: JournalRecord) => void,
    snapshot: () => Iterable<JournalRecord>,
  ) {
    this.#file = file
    this.#snapshot = snapshot
    fs.mkdirSync(path.dirname(file), { recursive: true })
    if (fs.existsSync(file)) for (const record of readRecords(file)) replay(record)
    this.#descriptor = this.#rewrite()
  }

  /** Call it before the state changes: a rewrite takes the state as it was and the record follows it. */
  append(record: JournalRecord): void {
    if (this.#size > this.#compactAt) {
      fs.closeSync(this.#descriptor)
      this.#descriptor = this.#rewrite()
    }
    const line = Buffer.from(JSON.stringify(record) + '\n')
    try {
      fs.appendFileSync(this.#descriptor, line)
    } catch (error) {
      fs.ftruncateSync(this.#descriptor, this.#size) // a full disk must not leave half a line in front of the next one
      throw error
    }
    this.#size += line.length
  }

  close(): void {
    fs.closeSync(this.#descriptor)
  }

  /** Writes the present state beside the journal, then puts it in its place in one step. */
  #rewrite(): number {
    const lines = Array.from(this.#snapshot(), (record) => JSON.stringify(record) + '\n')
    const content = Buffer.from(lines.join(''))
    fs.writeFileSync(`${this.#file}.new`, content)
    fs.renameSync(`${this.#file}.new`, this.#file)
    this.#size = content.length
    this.#compactAt = 2 * content.length + slackBytes
    return fs.openSync(this.#file, 'a')
  }
}

/** How much may be written before a rewrite pays, however small the state is. */
const slackBytes = 1024 * 1024

function* readRecords(file: string): Generator<JournalRecord> {
  const lines = fs.readFileSync(file, 'utf8').split('\n')
  const last = lines.findLastIndex((line) => line !== '')
  for (const [index, line] of lines.entries()) {
    if (line === '') continue
    const record = parse(line)
    if (record) yield record
    // A torn last line is a write that the death of the process cut short: its request was never answered.
    else if (index !== last) {
      throw new Error(`${file} is damaged at line ${index + 1}; move it away to start with empty queues`)
    }
  }
}

function parse(line: string): JournalRecord | undefined {
  try {
    return JSON.parse(line) as JournalRecord
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
