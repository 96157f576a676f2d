import { createLogFiles } from '../stack/log-files.ts'
import { createRenderer, isTrouble } from '../stack/output.ts'
import { findPlace, shown } from '../stack/place.ts'
import { readProcfile } from '../stack/procfile.ts'
import type { Say } from '../stack/progress.ts'
import { withStack, type Stack } from '../stack/run.ts'
import { understand } from './arguments.ts'
import { tellAnki } from './demo/anki.ts'
import { tellRundi } from './demo/rundi.ts'

const usage = `usage: npm run demo [-- --exit] [--json]
Starts everything on this machine, runs real sign-ups through it and shows what came of them.
  --exit  ends when that is done, instead of with Ctrl-C
  --json  what came of it as JSON on stdout, the story on stderr`

/** A process that dies this often at once will not come up. */
const DEATHS = 4

/** Shows a stranger what this is, for real. */
export async function run(args: string[]): Promise<number> {
  const understood = understand(args, {
    usage,
    options: { exit: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
  })
  if ('exit' in understood) return understood.exit
  const { exit, json } = understood.values

  const say: Say = json ? console.error : console.log
  const logs = createLogFiles(findPlace())
  const render = createRenderer(readProcfile().map(({ name }) => name))
  const hear = (name: string, line: string): void => {
    logs.write(name, line)
    if (isTrouble(line)) say(render(name, line))
  }

  const began = performance.now()
  say('Starting everything on this machine')
  return withStack({ say, hear, otherwise: 'any port', deaths: DEATHS }, async (stack) => {
    const startedInMs = Math.round(performance.now() - began)
    say(`Everything answers after ${(startedInMs / 1000).toFixed(1)} s\n`)

    say('1  Anki: a user signs up and gets somewhere to sync')
    const anki = await tellAnki(stack, say)
    say('\n2  Rundi: somebody signs in, twice: POST /rundi/auth/ensure-user')
    const rundi = await tellRundi(stack, anki, say)

    say(`\n3  Where to look\n${places(stack)}\n   the logs         ${shown(logs.folder)}/\n`)
    if (json) console.log(JSON.stringify({ startedInMs, anki, rundi, stack: stack.facts() }, null, 2))
    if (exit) return
    say('All of it stays up until Ctrl-C.')
    await stack.untilEnd()
  })
}

function places(stack: Stack): string {
  const { web, console: operators, operator } = stack.facts()
  return [
    `   the web API      ${web}, described at ${web}/docs`,
    `   the operators    ${operators} as ${operator.name} with the password ${operator.password}`,
    `   all addresses    ${shown(stack.place.stackFile)}`,
    '   a token          npm run -s token -- --app anki --email ada@example.org',
    '   while you edit   npm run dev',
  ].join('\n')
}
