import { createLogFiles } from '../stack/log-files.ts'
import { createRenderer, isTrouble } from '../stack/output.ts'
import { findPlace, shown } from '../stack/place.ts'
import { readProcfile } from '../stack/procfile.ts'
import { withStack, type Stack } from '../stack/run.ts'
import { understand } from './arguments.ts'
import { tellAnki } from './demo/anki.ts'
import { tellIep } from './demo/iep.ts'
import { tellLockin } from './demo/lockin.ts'
import { tellRundi } from './demo/rundi.ts'
import { createScreen } from './demo/screen.ts'

const usage = `usage: npm run demo [-- --exit] [--json]
Starts everything on this machine, runs real sign-ups, a group and documents through it and shows what came of them.
  --exit               ends when that is done, instead of with Ctrl-C
  --json               what came of it as JSON on stdout, the story on stderr
  --without-documents  leaves out what works hardest: the documents of IEP, printed and scanned`

/** A process that dies this often at once will not come up. */
const DEATHS = 4

/** Shows a stranger what this is, for real. */
export async function run(args: string[]): Promise<number> {
  const understood = understand(args, {
    usage,
    options: {
      exit: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      'without-documents': { type: 'boolean', default: false },
    },
  })
  if ('exit' in understood) return understood.exit
  const { exit, json, 'without-documents': withoutDocuments } = understood.values

  const screen = createScreen(json ? process.stderr : process.stdout)
  const { say } = screen
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

    say('\n3  LockIN: a group across three time zones')
    const { facts: lockin, tellRest } = await tellLockin(stack, screen)
    const iep = withoutDocuments ? undefined : await tellIep(stack, screen)

    say('\nLockIN once more: what the clock made of the group that ended')
    const ended = await tellRest()

    say(`\nWhere to look\n${places(stack)}\n   the logs         ${shown(logs.folder)}/\n`)
    const facts = { startedInMs, anki, rundi, lockin: { ...lockin, ended }, iep, stack: stack.facts() }
    if (json) console.log(JSON.stringify(facts, null, 2))
    if (exit) return
    say('All of it stays up until Ctrl-C.')
    await stack.untilEnd()
  })
}

function places(stack: Stack): string {
  const { web, console: operators, operator, mistral } = stack.facts()
  return [
    `   the web API      ${web}, described at ${web}/docs`,
    `   the operators    ${operators} as ${operator.name} with the password ${operator.password}`,
    `   all addresses    ${shown(stack.place.stackFile)}`,
    `   Mistral          ${process.env['MISTRAL_API_KEY'] ? mistral : `a stand-in; ${mistral}/_statistics tells what it was asked`}`,
    '   a token          npm run -s token -- --app iep --email grace@example.org',
    '   while you edit   npm run dev',
  ].join('\n')
}
