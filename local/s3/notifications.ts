import { setTimeout as sleep } from 'node:timers/promises'
import type { Bucket, StoredObject } from './bucket.ts'
import { S3Error } from './errors.ts'
import { parseQueueConfigurations, wants, type QueueConfiguration } from './notification-configuration.ts'
import { percentEncodedPath, type Call, type S3Request } from './request.ts'

/** Puts a message into the queue of that ARN, or throws. */
export type SendToQueue = (queueArn: string, body: string) => Promise<void>

/** The object of an event: a removed one has only its key. */
export type EventSubject = Pick<StoredObject, 'key'> & Partial<Pick<StoredObject, 'size' | 'etag'>>

/**
 * Tells queues what happened to objects, after the fact and without delaying its answer. A delivery that fails is
 * repeated a few times, then reported on stderr and given up: events live in memory only.
 */
export class Notifications {
  readonly #region: string
  readonly #sendToQueue: SendToQueue | undefined
  readonly #underWay = new Set<Promise<void>>()
  readonly #stopping = new AbortController()
  #lastSequencer = 0n

  constructor({ region, sendToQueue }: { region: string; sendToQueue?: SendToQueue | undefined }) {
    this.#region = region
    this.#sendToQueue = sendToQueue
  }

  /**
   * Sends every queue an `s3:TestEvent`.
   * @throws InvalidArgument when one cannot take it
   */
  async test({ bucket, id, hostId }: Call, configurations: QueueConfiguration[]): Promise<void> {
    for (const { queueArn } of configurations) {
      const event = {
        Service: 'Amazon S3',
        Event: 's3:TestEvent',
        Time: new Date().toISOString(),
        Bucket: bucket,
        RequestId: id,
        HostId: hostId,
      }
      try {
        await this.#send(queueArn, JSON.stringify(event))
      } catch (cause) {
        const message = 'Unable to validate the following destination configurations'
        const details = { ArgumentName: queueArn, ArgumentValue: String(cause) }
        throw Object.assign(new S3Error('InvalidArgument', message, details), { cause })
      }
    }
  }

  /**
   * Called in the same turn as the change itself, so that sequencers grow in the order of the changes.
   * @param event `ObjectCreated:Put`, …
   */
  announce(event: string, cause: Omit<S3Request, 'payload'>, bucket: Bucket, subject: EventSubject): void {
    const document = bucket.setting('notification')
    if (document === undefined) return

    const sequencer = this.#nextSequencer()
    for (const configuration of parseQueueConfigurations(document)) {
      if (!wants(configuration, event, subject.key)) continue
      const record = this.#record(event, cause, bucket, subject, configuration.id, sequencer)
      const delivery = this.#deliver(configuration.queueArn, JSON.stringify({ Records: [record] }), event)
      this.#underWay.add(delivery)
      void delivery.finally(() => this.#underWay.delete(delivery))
    }
  }

  /** What still waits to be repeated is tried at once; then everything is delivered or reported. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all(this.#underWay)
  }

  /** The event message structure of version 2.5 (S3 User Guide, "Event message structure"). */
  #record(
    event: string,
    cause: Omit<S3Request, 'payload'>,
    bucket: Bucket,
    { key, size, etag }: EventSubject,
    configurationId: string,
    sequencer: string,
  ) {
    return {
      eventVersion: '2.5',
      eventSource: 'aws:s3',
      awsRegion: this.#region,
      eventTime: new Date().toISOString(),
      eventName: event,
      userIdentity: { principalId: `AWS:${cause.accessKeyId}` },
      requestParameters: { sourceIPAddress: cause.sourceAddress },
      responseElements: { 'x-amz-request-id': cause.id, 'x-amz-id-2': cause.hostId },
      s3: {
        s3SchemaVersion: '1.0',
        configurationId,
        bucket: {
          name: bucket.name,
          ownerIdentity: { principalId: cause.accessKeyId },
          arn: `arn:aws:s3:::${bucket.name}`,
        },
        object: { key: formEncoded(key), size, eTag: etag, sequencer },
      },
    }
  }

  /** Never rejects. */
  async #deliver(queueArn: string, body: string, event: string): Promise<void> {
    for (const [index, pause] of [...pauses, undefined].entries()) {
      try {
        return await this.#send(queueArn, body)
      } catch (error) {
        if (pause === undefined) {
          console.error(`s3: gave up on ${event} for ${queueArn} after ${index + 1} attempts:`, error)
          return
        }
        await this.#wait(pause)
      }
    }
  }

  async #send(queueArn: string, body: string): Promise<void> {
    if (!this.#sendToQueue) throw new Error('this stand-in was started without queues')
    await this.#sendToQueue(queueArn, body)
  }

  /** Cut short by stopping. */
  async #wait(milliseconds: number): Promise<void> {
    const { signal } = this.#stopping
    try {
      await sleep(milliseconds, undefined, { signal })
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  /** Hexadecimal and always as long, so that comparing the text compares the number. Grows across restarts too. */
  #nextSequencer(): string {
    const now = BigInt(Date.now()) << 20n
    this.#lastSequencer = now > this.#lastSequencer ? now : this.#lastSequencer + 1n
    return this.#lastSequencer.toString(16).toUpperCase().padStart(18, '0')
  }
}

/** Milliseconds between attempts. */
const pauses = [100, 300, 900, 2700, 8100]

/** As a form would be: a space is `+`. Slashes stay. */
function formEncoded(key: string): string {
  return percentEncodedPath(key).replaceAll('%20', '+')
}
