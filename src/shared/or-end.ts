import { ConfigError } from './config.ts'

/**
 * For programs: what is wrong with the configuration is for whoever started it to mend, so each fault is said in a line of its
 * own, and the process ends.
 * @param faults what was found wrong elsewhere, to be said together with the rest
 */
export function orEnd<T>(read: () => T, faults: string[] = []): T {
  const all = [...faults]
  try {
    const found = read()
    if (all.length === 0) return found
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    all.push(...error.faults)
  }
  process.stderr.write(all.map((fault) => `${fault}\n`).join(''))
  process.exit(1)
}
