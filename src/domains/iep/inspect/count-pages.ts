import { getDocumentProxy } from 'unpdf'
import type { Fault } from './refusals.ts'

type Pdf = Awaited<ReturnType<typeof getDocumentProxy>>

/**
 * How many pages a PDF really has. All of them are opened, and what is written on some is taken apart, as whoever reads
 * it will do: a count is only told when it was seen to be true.
 */
export async function countPages(
  bytes: Buffer,
  mostPages: number,
): Promise<{ pages: number } | { fault: Fault }> {
  const warnings = collectWarnings()
  const end = bytes.subarray(-2048).toString('latin1')
  const pdf = await open(bytes)
  if (typeof pdf === 'string') return { fault: pdf }

  const pages = pdf.numPages
  if (warnings.some((warning) => tellsOtherCount(warning, pages))) return { fault: 'damaged' }
  if (warnings.includes(rebuilt) && !end.includes('%%EOF')) return { fault: 'damaged' } // it was cut off
  if (pages < 1) return { fault: 'no-pages' }
  if (pages > mostPages) return { fault: 'too-many-pages' }
  if (await isForAdobeAlone(pdf)) return { fault: 'needs-adobe' }
  return (await canBeRead(pdf)) ? { pages } : { fault: 'damaged' }
}

/**
 * The parser repairs what it can, and says so only on the console. It has this process for itself, and there is no other
 * way to hear that the count it gives is not the one that the document declares.
 */
function collectWarnings(): string[] {
  const warnings: string[] = []
  Object.assign(console, { warn: (line: unknown) => void warnings.push(String(line)) })
  return warnings
}

/** A PDF that an owner's password only protects from printing and the like opens as any other. */
async function open(bytes: Buffer): Promise<Pdf | Fault> {
  try {
    return await getDocumentProxy(new Uint8Array(bytes), { verbosity: 1 })
  } catch (error) {
    const kind = error instanceof Error ? error.name : undefined
    if (kind === 'PasswordException') return 'password'
    if (kind === 'InvalidPDFException' || kind === 'UnknownErrorException') return 'damaged'
    throw error
  }
}

/** The last page that is declared could not be found, and counting them came to something else. */
function tellsOtherCount(warning: string, pages: number): boolean {
  const [, declared] = /invalid \/Pages tree \/Count: (.*)\.$/.exec(warning) ?? []
  return declared !== undefined && declared !== String(pages)
}

/** The table of contents at the end of the file was missing or wrong, and was made anew from all that was found. */
const rebuilt = 'Warning: Indexing all PDF objects'

/** Forms that a program inside them draws, and bundles of other files: all that others show is a page that says so. */
async function isForAdobeAlone(pdf: Pdf): Promise<boolean> {
  const info = (await pdf.getMetadata()).info as Record<string, unknown>
  const isDrawnForm = info['IsXFAPresent'] === true && info['IsAcroFormPresent'] !== true
  return isDrawnForm || info['IsCollectionPresent'] === true
}

async function canBeRead(pdf: Pdf): Promise<boolean> {
  const samples = sampleOf(pdf.numPages)
  try {
    for (let number = 1; number <= pdf.numPages; number += 1) {
      const page = await pdf.getPage(number)
      if (samples.has(number)) await page.getTextContent()
      page.cleanup()
    }
    return true
  } catch (error) {
    if (error instanceof Error && error.name === 'UnknownErrorException') return false
    throw error
  }
}

/** The first page, the last, and some in between. */
function sampleOf(pages: number): Set<number> {
  const steps = 7
  return new Set(Array.from({ length: steps + 1 }, (_, step) => 1 + Math.round(((pages - 1) * step) / steps)))
}
