import { randomUUID } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo } from 'node:net'

/** The name under which cognito-local invokes each trigger. */
export const triggerFunctions = {
  PostConfirmation: 'post-confirmation',
  PreSignUp: 'pre-sign-up',
  PreTokenGeneration: 'pre-token-generation',
}

/**
 * Lambda as far as a trigger needs it: `POST /2015-03-31/functions/<name>/invocations` with the event, answered with
 * the event or with a function error. cognito-local invokes its triggers here.
 * @param options.limitMs is how long PostConfirmation may take; Cognito's own limit is five seconds.
 */
export async function startTriggerBridge(
  onPostConfirmation: (event: unknown) => Promise<void>,
  options: { limitMs: number } = { limitMs: 5000 },
): Promise<{ endpoint: string; stop(): Promise<void> }> {
  const functions = new Map<string, (event: TriggerEvent) => Promise<unknown>>([
    [
      triggerFunctions.PostConfirmation,
      async (event) => {
        await within(options.limitMs, onPostConfirmation(event))
        return event
      },
    ],
    [triggerFunctions.PreSignUp, verifyEmail],
    [triggerFunctions.PreTokenGeneration, addClaims],
  ])
  const server = http.createServer((request, response) => {
    invoke(functions, request, response).catch((error: unknown) => {
      console.error('cognito trigger: the connection broke', error)
      response.destroy()
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

interface TriggerEvent {
  request: { userAttributes: Record<string, string> }
  response: object
}

/**
 * Cognito marks the e-mail as verified when its code confirms the account; cognito-local never does. It does accept
 * the mark at sign-up, which comes to the same, since nobody signs in to an unconfirmed account.
 */
async function verifyEmail(event: TriggerEvent): Promise<unknown> {
  return { ...event, response: { ...event.response, autoVerifyEmail: true } }
}

/** Cognito puts the standard attributes into the ID token, and the two `_verified` ones as booleans. */
async function addClaims(event: TriggerEvent): Promise<unknown> {
  const claims = Object.entries(event.request.userAttributes).map(([name, value]) => [
    name,
    name.endsWith('_verified') ? value === 'true' : value,
  ])
  const claimsOverrideDetails = { claimsToAddOrOverride: Object.fromEntries(claims) as object }
  return { ...event, response: { claimsOverrideDetails } }
}

async function invoke(
  functions: Map<string, (event: TriggerEvent) => Promise<unknown>>,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const name = /^\/2015-03-31\/functions\/([\w-]+)\/invocations$/.exec(request.url ?? '')?.[1] ?? ''
  const run = functions.get(name)
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  if (!run) {
    const type = 'ResourceNotFoundException'
    return reply(
      response,
      404,
      { Type: 'User', Message: `no function ${name}` },
      { 'x-amzn-ErrorType': type },
    )
  }
  try {
    const event = JSON.parse(Buffer.concat(chunks).toString()) as TriggerEvent
    reply(response, 200, await run(event))
  } catch (error) {
    // What Lambda answers when a function throws: 200, and this header. cognito-local only logs it, so we say it too.
    const { name: errorType, message: errorMessage } =
      error instanceof Error ? error : new Error(String(error))
    console.error(`cognito trigger ${name} failed: ${errorType}: ${errorMessage}`)
    reply(response, 200, { errorType, errorMessage, trace: [] }, { 'X-Amz-Function-Error': 'Unhandled' })
  }
}

async function within(limitMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    const message = `${randomUUID()} Task timed out after ${(limitMs / 1000).toFixed(2)} seconds`
    timer = setTimeout(() => reject(Object.assign(new Error(message), { name: 'Sandbox.Timedout' })), limitMs)
  })
  try {
    await Promise.race([work, tooLate])
  } finally {
    clearTimeout(timer)
  }
}

function reply(
  response: http.ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}
