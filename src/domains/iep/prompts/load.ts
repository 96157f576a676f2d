import { readFileSync } from 'node:fs'

/** The text of a question to a model, kept as a file with a version, which is stored with what it brought forth. */
export interface Prompt<Placeholder extends string = never> {
  /** Name and version, such as `summarise@1`. */
  version: string
  /** The text with a value in the place of each `{{placeholder}}`. */
  textWith(values: Record<Placeholder, string>): string
}

/**
 * Reads a prompt from its file beside this one.
 * @param placeholders all that the text may hold, and each of them it must
 * @throws when the file has no version, or other placeholders: nobody may find that out from a model's answer.
 */
export function loadPrompt<Placeholder extends string = never>(
  name: string,
  placeholders: readonly Placeholder[] = [],
): Prompt<Placeholder> {
  return parsePrompt(name, readText(`${name}.md`), placeholders)
}

/** A list of terms and how they are translated, one a line: `aide = auxiliar`. */
export function loadGlossary(language: string): string {
  return readText(`glossary.${language}.txt`).trim()
}

export function parsePrompt<Placeholder extends string>(
  name: string,
  text: string,
  placeholders: readonly Placeholder[],
): Prompt<Placeholder> {
  const [head = '', version] = /^---\nversion: (\d+)\n---\n/.exec(text) ?? []
  if (version === undefined) throw new Error(`The prompt ${name} does not begin with its version.`)
  const body = text.slice(head.length).trim()
  const held = new Set(Array.from(body.matchAll(placeholder), ([, inside = '']) => inside))
  const unknown = [...held].filter((inside) => !placeholders.some((known) => known === inside))
  const missing = placeholders.filter((known) => !held.has(known))
  if (unknown.length > 0)
    throw new Error(`The prompt ${name} has unknown placeholders: ${unknown.join(', ')}.`)
  if (missing.length > 0) throw new Error(`The prompt ${name} lacks placeholders: ${missing.join(', ')}.`)
  return {
    version: `${name}@${version}`,
    // One pass: what is put in is not searched for placeholders.
    textWith: (values) => body.replace(placeholder, (_, inside: Placeholder) => values[inside]),
  }
}

const placeholder = /\{\{(.*?)\}\}/g

/** An editor may have put a mark of byte order in front, which is no part of the text. */
function readText(file: string): string {
  return readFileSync(new URL(file, import.meta.url), 'utf8')
    .replace(/^\ufeff/, '')
    .replaceAll('\r\n', '\n')
}
