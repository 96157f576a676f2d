/** The little of autocannon that is used here; it brings no types of its own. */
declare module 'autocannon' {
  import type { EventEmitter } from 'node:events'

  export interface Request {
    method?: string
    path?: string
    headers?: Record<string, string>
    body?: string
    setupRequest?: (request: Request) => Request
  }
  export interface Options {
    url: string
    connections: number
    duration?: number
    amount?: number
    pipelining?: number
    requests: Request[]
  }
  export interface Result {
    duration: number
    errors: number
    timeouts: number
    statusCodeStats: Record<string, { count: number }>
  }
  type Run = EventEmitter & PromiseLike<Result>
  const autocannon: (options: Options, done?: (error: Error | null, result: Result) => void) => Run
  export default autocannon
}
