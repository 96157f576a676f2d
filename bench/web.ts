import { freePort } from '../local/launch/ports.ts'
import type { LoadOrder, LoadResult } from './programs/load.ts'
import type { Message, Program } from './program.ts'
import type { Stack } from './stack.ts'

/** A web process under test. */
export interface Web {
  url: string
  program: Program
}

/** Starts the product's web process as it is, and waits until it is ready. */
export async function startWeb(
  stack: Stack,
  databaseUrl: string,
  env: Record<string, string> = {},
): Promise<Web> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const program = stack.start('../src/ingress/main.ts', {
    name: 'millrace-web',
    env: { ...env, DATABASE_URL: databaseUrl, PORT: String(port) },
  })
  await answers(`${url}/readyz`)
  return { url, program }
}

/** Starts a bare web process that says itself when it is up. */
export async function startBareWeb(
  stack: Stack,
  file: string,
  env: Record<string, string> = {},
): Promise<Web> {
  const port = await freePort()
  const program = stack.start(file, { env: { ...env, PORT: String(port) } })
  await program.says('up')
  return { url: `http://127.0.0.1:${port}`, program }
}

/** Has a load carried out by a process of its own. */
export async function load(program: Program, order: LoadOrder): Promise<LoadResult> {
  program.tell(order)
  const result = await program.says<Message & LoadResult>('loaded')
  if (Object.keys(result.others).length > 0 || result.answers === 0)
    throw new Error(
      `${order.url} answered ${order.expect} ${result.answers} times, and otherwise: ${JSON.stringify(result.others)}`,
    )
  return result
}

async function answers(url: string): Promise<void> {
  const deadline = performance.now() + 30_000
  for (;;) {
    const status = await statusOf(url)
    if (status === 200) return
    if (performance.now() > deadline)
      throw new Error(`${url} was not answered with 200 within 30 s: ${status}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function statusOf(url: string): Promise<number | string> {
  try {
    return (await fetch(url)).status
  } catch (error) {
    // Not listening yet.
    return (error as Error).message
  }
}
