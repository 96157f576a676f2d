import type { Block } from './blocks.ts'
import type { Said } from './facts.ts'
import { plainText } from './plain-text.ts'
import { servicesNamed, type Service } from './therapies.ts'

/** A block of a page among the lines of its form. */
export interface Grouped {
  /** Which service of the form it stands under, counted from the top of the page; 0 for none yet. */
  number: number
  /** The services each of its sentences is about. */
  services: ReadonlySet<Service>[]
}

/**
 * Forms that give each field a line of its own name the service once (`Service: Language and Speech`), and the minutes
 * some lines below. Such a line opens a group, whose lines are about that service unless they name one themselves.
 * The next such line, a heading or a table ends it.
 */
export function serviceGroups(said: readonly { block: Block; sentences: readonly Said[] }[]): Grouped[] {
  let number = 0
  let open: Service | undefined
  return said.map(({ block, sentences }) => {
    const services = sentences.map(({ sentence }) => {
      const own = servicesNamed(sentence)
      if (block.kind === 'heading' || block.kind === 'row' || isBareService(sentence, own)) {
        if (open) number++
        open = undefined
      } else if (opens(sentence, own)) {
        number++
        open = [...own][0]
      } else if (own.size === 0 && open && isField(sentence)) return new Set([open])
      return own
    })
    return { number, services }
  })
}

/** A line of a form, such as `Frequency: weekly`. */
export function isFormLine(block: Block | undefined): boolean {
  return block !== undefined && block.kind !== 'row' && block.raw.length <= 60 && /[:：]/.test(block.raw)
}

/** `Service: Speech`, `Speech therapy: 60 minutes`; but `Comments: consult with the teacher` is about the one before. */
function opens(sentence: string, own: ReadonlySet<Service>): boolean {
  if (own.size !== 1 || sentence.length > 80 || !isField(sentence)) return false
  const label = labelOf(sentence)
  return servicesNamed(label).size === 1 || (/\bservices?\b/i.test(label) && !aboutService.test(label))
}

/** `Location of services: Speech room` does not say which service it is. */
const aboutService =
  /\b(?:location|provider|provided|personnel|responsible|delivery|by|where|setting|comments?)\b/i

/** A line with no more on it than the name of a service. */
function isBareService(sentence: string, own: ReadonlySet<Service>): boolean {
  return own.size > 0 && sentence.length <= 60 && !/[:：\d]/.test(sentence)
}

/** Longer lines are prose with a colon in it. */
function isField(sentence: string): boolean {
  return sentence.length <= 120 && /^[^:：]{1,40}[:：]/.test(plainText(sentence).trim())
}

function labelOf(sentence: string): string {
  return /^[^:：]*/.exec(plainText(sentence))?.[0] ?? ''
}
