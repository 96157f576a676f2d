/** What SQS may deliver beside a message that says to which trace it belongs. */
export interface TraceHeaders {
  messageId: string
  /** The message attribute `traceparent` of W3C Trace Context: version, trace id, parent id, flags. */
  traceparent: string | undefined
  /** The system attribute AWSTraceHeader of X-Ray: `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=…`. */
  xray: string | undefined
}

/** The trace a message belongs to; the id of the message when nobody began one. */
export function traceOf({ messageId, traceparent, xray }: TraceHeaders): string {
  const w3c = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(traceparent ?? '')?.[1]
  const root = /(?:^|;)\s*Root=(1-[0-9a-f]{8}-[0-9a-f]{24})(?:;|$)/.exec(xray ?? '')?.[1]
  return w3c ?? root ?? messageId
}
