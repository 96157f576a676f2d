import { randomBytes } from 'node:crypto'

/** Opaque to the caller; to us it names the queue and the message, so that any old handle still finds its message. */
export function newHandle(queue: string, messageId: string): string {
  return Buffer.from(`${queue} ${messageId} ${randomBytes(24).toString('hex')}`).toString('base64')
}

export function readHandle(handle: string): { queue: string | undefined; messageId: string | undefined } {
  const [queue, messageId] = Buffer.from(handle, 'base64').toString().split(' ')
  return { queue, messageId }
}
