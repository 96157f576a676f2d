import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'

/** What somebody typed after a command: understood, or answered with the command's usage and an exit code. */
export type Understood<Values> = { values: Values } | { exit: number }

/** Understands the arguments of a command. `--help` prints the usage; so does a mistake, on stderr, with exit code 2. */
export function understand<const Options extends ParseArgsOptionsConfig>(
  args: string[],
  { usage, options }: { usage: string; options: Options },
): Understood<ReturnType<typeof parseArgs<{ options: Options & typeof help }>>['values']> {
  try {
    const { values } = parseArgs({
      args,
      options: { ...options, ...help },
      strict: true,
      allowPositionals: false,
    })
    if ((values as { help?: boolean }).help) {
      console.log(usage)
      return { exit: 0 }
    }
    return { values }
  } catch (error) {
    if (!String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS')) throw error
    return misunderstood((error as Error).message, usage)
  }
}

/** Answers a mistake in the arguments. */
export function misunderstood(what: string, usage: string): { exit: number } {
  console.error(`${what}\n${usage}`)
  return { exit: 2 }
}

const help = { help: { type: 'boolean', short: 'h' } } as const
