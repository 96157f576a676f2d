import path from 'node:path'
import { createRenderer } from '../stack/output.ts'
import { root } from '../stack/place.ts'
import { readProcfile } from '../stack/procfile.ts'
import { withStack, type Stack } from '../stack/run.ts'
import { watchSource } from '../stack/watch-source.ts'
import { understand } from './arguments.ts'

const usage = `usage: npm run dev [-- --json]
Starts the local stack and the processes of the Procfile, and restarts them when something in src/ changes.
  --json   the processes' own lines on stdout, the rest on stderr
PORT chooses the port of web. DATABASE_URL, REDIS_URL, AWS_… and MISTRAL_API_KEY replace the local stores.`

/** Everything, under watch, until Ctrl-C. */
export async function run(args: string[]): Promise<number> {
  const understood = understand(args, { usage, options: { json: { type: 'boolean', default: false } } })
  if ('exit' in understood) return understood.exit
  const { json } = understood.values

  const say = json ? console.error : console.log
  const render = createRenderer(readProcfile().map(({ name }) => name))
  const hear = (name: string, line: string): void => console.log(json ? line : render(name, line))
  return withStack({ say, hear, otherwise: 'refuse', deaths: Infinity }, async (stack) => {
    say(`\n${welcome(stack)}\n`)
    const watching = watchSource(path.join(root, 'src'), (file) => {
      say(`src/${file} has changed`)
      stack.supervisor.restart()
    })
    try {
      await stack.untilEnd()
    } finally {
      watching.close()
    }
  })
}

function welcome(stack: Stack): string {
  const { web, console: operators, operator } = stack.facts()
  return [
    `web        ${web}  (${web}/docs)`,
    `operators  ${operators}  as ${operator.name} with ${operator.password}`,
    'a token    npm run -s token -- --app anki --email ada@example.org',
    'the end    Ctrl-C',
  ].join('\n')
}
