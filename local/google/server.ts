import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose'
import { z } from 'zod'
import { Plain } from '../launch/plain.ts'
import { freePort, wantPort } from '../launch/ports.ts'
import { ensurePrivateFolder, readPrivateFile, writePrivateFile } from '../stack/private-file.ts'

export interface GoogleStack {
  endpoint: string
  /** Exactly the `iss` of its tokens. */
  issuer: string
  /** The client id its tokens are made for. */
  audience: string
  jwksUrl: string
  stop(): Promise<void>
}

/**
 * Google as far as a sign-in needs it: ID tokens signed with a key of this copy, whose public half is at the path
 * Google has it (`/oauth2/v3/certs`). There is no page to sign in at: `POST /token` with `{ email, name?, picture? }`
 * answers `{ id_token, sub }` for anybody, so it listens on the loopback interface alone. The same address always has
 * the same `sub`. Key and port are kept in `directory`, so that tokens stay good over a restart.
 */
export async function startGoogle(options: { directory: string; port?: number }): Promise<GoogleStack> {
  const directory = path.resolve(options.directory)
  ensurePrivateFolder(directory)
  const file = path.join(directory, 'google.json')
  const kept = readPrivateFile(file) as Kept | undefined
  const port = options.port ?? (await freeOrAny(kept?.port))
  const key = kept?.key ?? (await makeKey())
  writePrivateFile(file, { port, key } satisfies Kept)

  const issuer = `http://127.0.0.1:${port}`
  const signer = { issuer, key }
  const server = createServer((request, response) => {
    answer(signer, request).then(
      ({ status, body }) => reply(response, status, body),
      (error: unknown) => {
        console.error('google:', error)
        reply(response, 500, { error: 'internal' })
      },
    )
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')

  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    issuer,
    audience,
    jwksUrl: `${issuer}${certificates}`,
    async stop() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

interface Kept {
  port: number
  key: JWK
}

const audience = 'millrace-local.apps.googleusercontent.com'
const certificates = '/oauth2/v3/certs'
const algorithm = 'RS256'

async function freeOrAny(wanted: number | undefined): Promise<number> {
  if (wanted === undefined) return freePort()
  try {
    await wantPort(wanted)
    return wanted
  } catch (error) {
    if (!(error instanceof Plain)) throw error
    return freePort()
  }
}

async function makeKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true })
  return { ...(await exportJWK(privateKey)), kid: 'local-google', alg: algorithm, use: 'sig' }
}

interface Signer {
  issuer: string
  key: JWK
}

interface Answer {
  status: number
  body: unknown
}

async function answer(signer: Signer, request: IncomingMessage): Promise<Answer> {
  const { method, url } = request
  if (method === 'GET' && url === certificates)
    return { status: 200, body: { keys: [publicHalf(signer.key)] } }
  if (method === 'GET' && url === '/.well-known/openid-configuration') {
    return { status: 200, body: { issuer: signer.issuer, jwks_uri: `${signer.issuer}${certificates}` } }
  }
  if (method !== 'POST' || url !== '/token') return { status: 404, body: { error: 'not_found' } }

  const wish = person.safeParse(await readJson(request))
  if (!wish.success)
    return { status: 400, body: { error: 'invalid_request', detail: z.prettifyError(wish.error) } }
  const { email } = wish.data
  const sub = subOf(email)
  const token = new SignJWT({ ...wish.data, email_verified: true, azp: audience })
    .setProtectedHeader({ alg: algorithm, kid: signer.key.kid ?? '', typ: 'JWT' })
    .setIssuer(signer.issuer)
    .setAudience(audience)
    .setSubject(sub)
    .setIssuedAt()
    .setExpirationTime('24h') // Google's last an hour; a token printed in the morning is to be good until the evening
  return { status: 200, body: { id_token: await token.sign(await importJWK(signer.key, algorithm)), sub } }
}

const person = z.strictObject({ email: z.email(), name: z.string().optional(), picture: z.url().optional() })

function publicHalf({ kty, n, e, kid, alg, use }: JWK): object {
  return { kty, n, e, kid, alg, use }
}

/** 21 digits, as Google's are. */
function subOf(email: string): string {
  const digest = createHash('sha256').update(email.toLowerCase()).digest('hex')
  return BigInt(`0x${digest}`).toString().padStart(77, '1').slice(0, 21)
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  try {
    return JSON.parse(Buffer.concat(chunks).toString())
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
