import { parseArgs } from 'node:util'
import { environments, type Environment, type Wishes } from './description.ts'

export interface Options extends Wishes {
  check: boolean
  template: boolean
  json: boolean
}

export const usage = `usage: npm run provision -- --env dev|prod [options]
Makes what Pre-Work needs in AWS, or what is missing of it: five tables, three buckets, the queue of events with its dead
letters. Prints first what differs. What is there is never deleted.
  --check          only prints, and exits with 1 when something differs
  --provisioned    tables with five units each way, as the guide writes them, instead of on demand
  --origin URL     a web app that may upload; may be repeated (http://localhost:3001 in dev)
  --queue NAME     the queue of another name
  --template       prints a CloudFormation template of the same, with policies and alarms, and asks AWS nothing
  --local          in the local stack that is running
  --json           the plan, what was done and what is left as JSON
`

/** What is wrong with them, in a sentence, is returned and not thrown. */
export function readOptions(args: string[]): Options | 'help' | { fault: string } {
  let values
  try {
    values = parse(args)
  } catch (error) {
    return { fault: (error as Error).message }
  }
  if (values.help) return 'help'
  const environment = environments.find((each) => each === values.env)
  if (!environment) return { fault: `--env wants one of ${environments.join(', ')}` }
  const wrong = values.origin.find((origin) => !isOrigin(origin))
  if (wrong !== undefined)
    return {
      fault: `--origin wants an address without a path, such as https://app.example.org, not ${wrong}`,
    }
  if (values.origin.length === 0 && environment === 'prod')
    return { fault: '--origin is needed for prod: the address of the web app that uploads' }
  return {
    environment,
    provisioned: values.provisioned,
    origins: values.origin.length > 0 ? values.origin : originsOf[environment],
    ...(values.queue === undefined ? {} : { queue: values.queue }),
    check: values.check,
    template: values.template,
    json: values.json,
  }
}

const parse = (args: string[]) =>
  parseArgs({
    args,
    options: {
      env: { type: 'string' },
      check: { type: 'boolean', default: false },
      provisioned: { type: 'boolean', default: false },
      origin: { type: 'string', multiple: true, default: [] },
      queue: { type: 'string' },
      template: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  }).values

/** Where the guide's web app runs while it is developed. */
const originsOf: Record<Environment, string[]> = { dev: ['http://localhost:3001'], prod: [] }

const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text
