import { GiveUp } from '../../shared/errors.ts'
import { addresses } from './redact/addresses.ts'
import { broken } from './redact/broken.ts'
import { emails } from './redact/emails.ts'
import { unbroken } from './redact/flowing.ts'
import { labelled } from './redact/labelled.ts'
import { bareNumbers, phones, socialSecurityNumbers } from './redact/numbers.ts'
import { readable } from './redact/readable.ts'
import { hiddenKinds, paint, type HiddenKind, type Span } from './redact/spans.ts'
import { stillHolds } from './redact/sweep.ts'
import { columns } from './redact/tables.ts'

export type { HiddenKind } from './redact/spans.ts'

declare const redacted: unique symbol
/**
 * The text of a page that may be sent to a chat model. Only `redactPage` and `asRedacted` make one, and both have the
 * sweep look at it first: text as it was read is of another type and cannot be sent by mistake.
 */
export type Redacted = string & { readonly [redacted]: true }

/**
 * Takes social security numbers, phone and fax numbers, e-mail and street addresses and the ids of a student out of
 * a page, in English and Spanish forms, and leaves a mark such as `[PHONE]` in their place. What a parent needs stays:
 * names, dates, minutes, percentages, scores, laws, and the lines and tables they stand in.
 *
 * Takes time in proportion to the text, whatever is in it.
 * @throws GiveUp `redaction-failed` when anything unexpected happens, or something that ought to be hidden is left: the
 * page is then not to be sent to anybody. The error quotes nothing.
 */
export function redactPage(text: string): { text: Redacted; hidden: Record<HiddenKind, number> } {
  return closed(() => {
    let page = readable(text)
    const hidden = { ssn: 0, phone: 0, email: 0, address: 0, id: 0 }
    // What was hidden may have been what excused something beside it, as `Goal` excuses `415-555-0123`.
    for (let pass = 0; pass < passes && (pass === 0 || stillHolds(page)); pass += 1) {
      const painted = paint(page, spansIn(page))
      page = painted.text
      for (const kind of kinds) hidden[kind] += painted.hidden[kind]
    }
    return { text: swept(page), hidden }
  })
}

/**
 * What was redacted before and kept.
 * @throws GiveUp `redaction-failed` when it holds what ought to have been hidden.
 */
export function asRedacted(text: string): Redacted {
  return closed(() => swept(text))
}

const passes = 3
const kinds = Object.keys(hiddenKinds) as HiddenKind[]

function spansIn(page: string): Span[] {
  return [
    ...socialSecurityNumbers(page),
    ...phones(page),
    ...emails(page),
    ...addresses(unbroken(page)),
    ...labelled(page),
    ...columns(page),
    ...bareNumbers(page),
    ...broken(page),
  ]
}

/** Only here does text become `Redacted`. */
function swept(text: string): Redacted {
  const left = stillHolds(text)
  if (left !== undefined) throw failed(`Something like ${hiddenKinds[left]} was left on a page.`)
  return text as Redacted
}

/** Whatever goes wrong in here, its error may quote the page: it is not passed on. */
function closed<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw error instanceof GiveUp ? error : failed('A page could not be redacted.')
  }
}

const failed = (message: string): GiveUp => new GiveUp('redaction-failed', message)
