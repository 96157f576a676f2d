import type { FastifyReply } from 'fastify'

/**
 * Answers 304: the headers that were set, and nothing that could be taken for a length. Written past the framework, which
 * would announce to whoever asked with HEAD that the content is empty (RFC 9110, 8.6: the length is that of the 200).
 */
export function notModified(reply: FastifyReply): never {
  reply.hijack()
  reply.raw.writeHead(304, reply.getHeaders() as Record<string, string>).end()
  // What a handler returns after that is not looked at.
  return undefined as never
}

/** If-None-Match compares weakly: `W/` does not matter. */
export const isKnown = (header: string | undefined, etag: string): boolean =>
  header !== undefined &&
  header.split(',').some((each) => each.trim() === '*' || strong(each.trim()) === strong(etag))

const strong = (etag: string): string => etag.replace(/^W\//, '')
