import type { Content, Finding } from '../content.ts'
import { describeForModel } from '../faithful/describe.ts'
import { GiveUp } from '../../../shared/errors.ts'
import type { Model, Question } from '../model.ts'
import type { Judged } from './answer.ts'
import { loadPrompt } from './load.ts'

export const correction = loadPrompt('correct', ['faults'])

/** The best of some answers, and what is still wrong with it. */
export interface Settled {
  content: Content
  findings: Finding[]
  checked: number
  /** How often an answer was sent back. */
  corrections: number
  model: string
}

/**
 * Asks, has the answer judged, and sends it back with its faults named, twice at most. The best answer is kept: first
 * the one that has the form, then the one that lacks the fewest sections, then the one with the fewest findings.
 * @throws GiveUp `unusable-answer` when none has the form; and whatever the model throws
 */
export async function askUntilRight(
  model: Model,
  question: Question,
  judge: (answer: unknown) => Judged,
): Promise<Settled> {
  const messages = [...question.messages]
  let best: (Judged & { model: string }) | undefined
  for (let corrections = 0; ; corrections += 1) {
    question.signal.throwIfAborted()
    const { answer, model: name } = await model.complete({ ...question, messages: [...messages] })
    const judged = judge(answer)
    if (!best || isBetter(judged, best)) best = { ...judged, model: name }
    const { content, ...rest } = best
    if (judged.findings.length === 0 || corrections === mostCorrections) {
      if (content) return { ...rest, content, corrections }
      // Not Trouble: what was answered is remembered by its question, so that another attempt would get the same.
      throw new GiveUp(
        'unusable-answer',
        'The model gave no usable answer, though it was told twice what was wrong.',
      )
    }
    // The whole talk is sent, so that no question is asked twice and answered from memory.
    messages.push(
      { role: 'assistant', content: JSON.stringify(answer) ?? '' },
      { role: 'user', content: correction.textWith({ faults: describeForModel(judged.findings) }) },
    )
  }
}

const mostCorrections = 2

function isBetter(one: Judged, other: Judged): boolean {
  if (!one.content || !other.content) return one.content !== undefined && other.content === undefined
  if (one.missing !== other.missing) return one.missing < other.missing
  return one.findings.length < other.findings.length
}
