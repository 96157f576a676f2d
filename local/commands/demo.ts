import { createLogFiles } from '../stack/log-files.ts'
import { createRenderer, isTrouble } from '../stack/output.ts'
import { findPlace, shown } from '../stack/place.ts'
import { readProcfile } from '../stack/procfile.ts'
import type { Say } from '../stack/progress.ts'
import { withStack, type Stack } from '../stack/run.ts'
import { misunderstood, understand } from './arguments.ts'
import { tellAnki } from './demo/anki.ts'
import { tellIep } from './demo/iep.ts'
import { tellLockin } from './demo/lockin.ts'
import { tellPrework } from './demo/prework.ts'
import { tellRundi } from './demo/rundi.ts'
import { createScreen, type Screen } from './demo/screen.ts'

const parts = ['users', 'group', 'photo', 'documents'] as const

const usage = `usage: npm run demo [-- --exit] [--json] [--only users,group,photo,documents]
Starts everything on this machine, runs real sign-ups, a group, a photo and documents through it and shows what came of them.
  --exit   ends when that is done, instead of with Ctrl-C
  --json   what came of it as JSON on stdout, the story on stderr
  --only   some of it: users (Anki, Rundi), group (LockIN), photo (Pre-Work), documents (IEP, which work hardest)`

/** A process that dies this often at once will not come up. */
const DEATHS = 4

/** Shows a stranger what this is, for real. */
export async function run(args: string[]): Promise<number> {
  const understood = understand(args, {
    usage,
    options: {
      exit: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      only: { type: 'string', default: parts.join() },
    },
  })
  if ('exit' in understood) return understood.exit
  const { exit, json, only } = understood.values
  const wanted = only.split(',').map((part) => part.trim())
  const unknown = wanted.find((part) => !parts.some((each) => each === part))
  if (unknown !== undefined) return misunderstood(`there is no part ${unknown}`, usage).exit
  const wants = (part: (typeof parts)[number]): boolean => wanted.includes(part)

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
    say(`Everything answers after ${(startedInMs / 1000).toFixed(1)} s`)

    const users = wants('users') ? await tellUsers(stack, say) : undefined
    const group = wants('group') ? await tellGroup(stack, screen) : undefined
    const prework = wants('photo') ? await tellPhoto(stack, screen) : undefined
    const iep = wants('documents') ? await tellIep(stack, screen) : undefined
    const ended = await group?.tellRest()

    say(`\nWhere to look\n${places(stack)}\n   the logs         ${shown(logs.folder)}/\n`)
    const lockin = group && { ...group.facts, ended }
    const facts = { startedInMs, ...users, lockin, prework, iep, stack: stack.facts() }
    if (json) console.log(JSON.stringify(facts, null, 2))
    if (exit) return
    say('All of it stays up until Ctrl-C.')
    await stack.untilEnd()
  })
}

async function tellUsers(stack: Stack, say: Say) {
  say('\n1  Anki: a user signs up and gets somewhere to sync')
  const anki = await tellAnki(stack, say)
  say('\n2  Rundi: somebody signs in, twice: POST /rundi/auth/ensure-user')
  const rundi = await tellRundi(stack, anki, say)
  return { anki, rundi }
}

/** What the clock does takes up to a minute: the rest of it is told when the others are done. */
async function tellGroup(stack: Stack, screen: Screen) {
  screen.say('\n3  LockIN: a group across three time zones')
  const { facts, tellRest } = await tellLockin(stack, screen)
  return {
    facts,
    tellRest: () => {
      screen.say('\nLockIN once more: what the clock made of the group that ended')
      return tellRest()
    },
  }
}

async function tellPhoto(stack: Stack, screen: Screen) {
  screen.say(
    '\n4  Pre-Work: a photo is uploaded, handed in and approved, and every change is in the audit log',
  )
  return tellPrework(stack, screen)
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
