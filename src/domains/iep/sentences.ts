import type { Translated } from './content.ts'

/** Why something could not be done: a code that does not change, and a sentence a parent understands. */
export interface Reason {
  code: string
  message: string
}

/** Why a step failed for good. `code` is what the step knew of it; without one, its attempts were spent. */
export function reasonFor(
  step: 'read' | 'redact' | 'summarise',
  verdict: 'failed' | 'cancelled',
  code: string | null,
): Reason {
  if (verdict === 'cancelled')
    return { code: 'cancelled', message: 'The work on this document was stopped before it was finished.' }
  if (code === null) return spent[step]
  return { code, message: knownReasons[code] ?? spent[step].message }
}

const spent: Record<'read' | 'redact' | 'summarise', Reason> = {
  read: {
    code: 'reading-failed',
    message: 'We could not read this document. Please try again later, or upload it once more.',
  },
  redact: {
    code: 'redaction-failed',
    message:
      'We could not remove private details from this document safely, so we stopped. Nothing was sent on. Please try again later.',
  },
  summarise: {
    code: 'summary-failed',
    message: 'The document was read, but we could not write its summary. Please try again later.',
  },
}

const knownReasons: Record<string, string> = {
  'unreadable-document':
    'This document could not be read. It may be damaged. Please get a new copy of it and upload that.',
  'too-many-pages': 'This document has too many pages. Please upload only the pages of the IEP.',
}

/** Why a document is not there in one language. */
export function noTranslation(language: Translated, verdict: 'failed' | 'cancelled'): string {
  return verdict === 'cancelled'
    ? `The translation into ${namesOf[language]} was stopped before it was finished.`
    : `We could not translate this document into ${namesOf[language]}. The other languages are not affected. Please try again later.`
}

const namesOf: Record<Translated, string> = { es: 'Spanish', zh: 'Chinese', vi: 'Vietnamese' }
