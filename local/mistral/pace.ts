import { setTimeout as sleep } from 'node:timers/promises'
import { fieldsOf, type Answer } from './protocol.ts'
import type { Settings } from './settings.ts'

/** What a call used, by what its answer says. */
export interface Use {
  pages: number
  promptTokens: number
  completionTokens: number
}

export function useOf({ body }: Answer): Use {
  const answer = Buffer.isBuffer(body) ? undefined : fieldsOf(body)
  const usage = fieldsOf(answer?.usage)
  return {
    pages: number(fieldsOf(answer?.usage_info)?.pages_processed),
    promptTokens: number(usage?.prompt_tokens),
    completionTokens: number(usage?.completion_tokens),
  }
}

/** Waits until a call that began then has taken as long as the settings say that such a call takes. */
export async function keepPace(
  { pages, completionTokens }: Use,
  began: number,
  settings: Settings,
  signal: AbortSignal,
): Promise<void> {
  const whole =
    settings.millisecondsPerCall +
    settings.millisecondsPerPage * pages +
    settings.millisecondsPerToken * completionTokens
  const rest = began + whole - performance.now()
  if (rest > 0) await sleep(rest, undefined, { signal })
}

const number = (value: unknown): number => (typeof value === 'number' ? value : 0)
