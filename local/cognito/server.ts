import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { readWholeJson } from '../launch/damage.ts'
import { startTriggerBridge, triggerFunctions } from './bridge.ts'
import { choosePort } from './port.ts'
import { ensurePools } from './pools.ts'
import type { Pool } from './pools.ts'
import { refuseSecondOwner, startProcess } from './process.ts'

export interface CognitoStack<Product extends string = string> {
  endpoint: string
  /** Of the cognito-local process. */
  pid: number
  /** Also a valid first argument for `signUp` and `signIn` in accounts.ts. */
  pools: Record<Product, Pool>
  stop(): Promise<void>
}

/**
 * Cognito on this machine, for development: cognito-local in a process of its own that does not outlive ours, with
 * one user pool and one client per product. Pools and users are kept in `directory` and found again at the next
 * start, at the same port if it is free, so that issuers and tokens stay good as well.
 *
 * `onPostConfirmation` is given each event of the PostConfirmation trigger, as the Lambda in `deploy/` is in
 * production. It must be done within five seconds; if it fails, the trigger fails as a Lambda does.
 *
 * Where it is not Cognito: one signing key for everybody, published in the npm package (`kid: CognitoLocal`); no
 * password policy; no SRP; passwords kept in clear text; a failed PostConfirmation is logged but not told to the
 * caller, nor tried again; the e-mail of an account counts as verified from the sign-up on.
 *
 * @throws Error with one line when cognito-local does not start within 15 s.
 */
export async function startCognito<const Product extends string>(options: {
  directory: string
  port?: number
  products: readonly Product[]
  onPostConfirmation: (event: unknown) => Promise<void>
}): Promise<CognitoStack<Product>> {
  const directory = path.resolve(options.directory)
  await mkdir(path.join(directory, '.cognito', 'db'), { recursive: true })
  const lastPort = await readLastPort(directory)
  await refuseSecondOwner(directory, lastPort)
  // Of a damaged one cognito-local says so in its log alone.
  const pools = path.join(directory, '.cognito', 'db')
  for (const name of await readdir(pools)) if (name.endsWith('.json')) readWholeJson(path.join(pools, name))

  const port = await choosePort(options.port, lastPort)
  const endpoint = `http://127.0.0.1:${port}`
  const bridge = await startTriggerBridge(options.onPostConfirmation)
  try {
    await writeFile(configOf(directory), JSON.stringify(config(endpoint, port, bridge.endpoint), null, 2))
    const running = await startProcess(directory, endpoint)
    try {
      return {
        endpoint,
        pid: running.pid,
        pools: await ensurePools(endpoint, options.products),
        async stop() {
          await running.stop()
          await bridge.stop()
        },
      }
    } catch (error) {
      await running.stop()
      throw error
    }
  } catch (error) {
    await bridge.stop()
    throw error
  }
}

/** What cognito-local reads from `.cognito/config.json` in its working directory. */
function config(endpoint: string, port: number, bridge: string): object {
  return {
    LambdaClient: { endpoint: bridge },
    TriggerFunctions: triggerFunctions,
    TokenConfig: { IssuerDomain: endpoint }, // `iss` is this, a slash and the pool id
    ServerConfig: { hostname: '127.0.0.1', port },
  }
}

async function readLastPort(directory: string): Promise<number | undefined> {
  try {
    const last = JSON.parse(await readFile(configOf(directory), 'utf8')) as {
      ServerConfig?: { port?: number }
    }
    return last.ServerConfig?.port
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined // the first start
    if (!(error instanceof SyntaxError)) throw error
    await rm(configOf(directory)) // it only repeats what is written anew below
    return undefined
  }
}

function configOf(directory: string): string {
  return path.join(directory, '.cognito', 'config.json')
}
