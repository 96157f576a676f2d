import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { eld as eldOfTheirs } from 'eld/extrasmall'
import { languages, type Language } from '../content.ts'

type Eld = typeof eldOfTheirs

/** The language a text is most likely in. `among` our four, or among all that are known. */
export interface Detector {
  /** Of our four languages, and by how much another one fits better than `claimed`. */
  among(text: string, claimed: Language): { language: string; lead: number }
  /** Of all sixty; '' if there is nothing to go by. */
  any(text: string): string
}

let loaded: Detector | undefined

/**
 * The detector, loaded when it is first asked for: its tables take 30 MB and a tenth of a second, and only a process
 * that checks translations needs them. It reads the first 350 bytes or so of what it is given.
 */
export function detector(): Detector {
  loaded ??= load()
  return loaded
}

function load(): Detector {
  // By its path: the package is an ES module only, and what calls this is not asynchronous.
  const require = createRequire(import.meta.url)
  const { eld } = require(fileURLToPath(import.meta.resolve('eld/extrasmall'))) as { eld: Eld }
  const four = eld.newInstance()
  four.setLanguageSubset([...languages])
  return {
    among: (text, claimed) => {
      const result = four.detect(text)
      const scores = result.getScores()
      return { language: result.language, lead: (scores[result.language] ?? 0) - (scores[claimed] ?? 0) }
    },
    any: (text) => eld.detect(text).language,
  }
}
