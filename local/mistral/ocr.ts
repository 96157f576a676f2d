import { badFile, invalid, missing } from './errors.ts'
import { fetchDocument } from './fetch-document.ts'
import { fillSchema, schemaOf } from './fill-schema.ts'
import type { SightWord } from '../pdf/sight.ts'
import { modelName } from './models.ts'
import { parsePages } from './page-selection.ts'
import type { Page } from './page.ts'
import { fieldsOf, type Fields, type Reading } from './protocol.ts'
import { Quotes } from './quotes.ts'
import { kindOf, readDocument } from './read-document.ts'

/**
 * `POST /v1/ocr`: the text of a document as markdown, page by page. The text is the document's own text layer, or
 * what can be made out on a page that has none; header, footer, images and tables are not told apart.
 */
export async function recognise(body: unknown, reading: Reading): Promise<Fields> {
  const request = fieldsOf(body) ?? {}
  const document = fieldsOf(request.document)
  if (!document) throw missing('document', body)
  const model = modelName(request.model ?? 'mistral-ocr-latest', 'ocr')
  const wanted = parsePages(request.pages)

  const bytes = await bytesOf(document, reading)
  const pages = await readDocument(bytes, wanted, reading)
  return {
    pages: pages.map((page) => describe(page, request)),
    model: `${model}-completion`,
    document_annotation: annotate(pages, request.document_annotation_format),
    usage_info: { pages_processed: pages.length, doc_size_bytes: bytes.length },
  }
}

async function bytesOf(document: Fields, { files, signal }: Reading): Promise<Buffer> {
  switch (document.type) {
    case 'file':
      return files.get(text(document, 'file_id')).bytes
    case 'document_url':
      return ofKind('pdf', await fetchDocument(text(document, 'document_url'), signal))
    case 'image_url': {
      const image = fieldsOf(document.image_url) ?? { url: document.image_url }
      return ofKind('image', await fetchDocument(text(image, 'url'), signal))
    }
    case undefined:
      throw missing('document.type', document)
    default:
      throw invalid('document.type', "Input should be 'document_url', 'image_url' or 'file'", document.type)
  }
}

function text(fields: Fields, name: string): string {
  const value = fields[name]
  if (typeof value !== 'string') throw missing(`document.${name}`, fields)
  return value
}

/** An image where a document was announced, or the other way round, is refused as damaged (our choice). */
function ofKind(kind: 'pdf' | 'image', bytes: Buffer): Buffer {
  if (kindOf(bytes) === kind) return bytes
  throw badFile(kind === 'pdf' ? 'File is corrupted and cannot be parsed.' : 'Image could not be loaded.')
}

function describe({ words, ...page }: Page, request: Fields): Fields {
  return {
    ...page,
    images: [],
    tables: [],
    header: null,
    footer: null,
    confidence_scores: confidence(page.markdown, words, request.confidence_scores_granularity),
    blocks: request.include_blocks ? page.blocks : null,
  }
}

/** A text layer is what it is, so every score is 1, else the scores are the recogniser's. A page without text has none. */
function confidence(markdown: string, seen: SightWord[] | undefined, granularity: unknown): Fields | null {
  if (!granularity || !markdown) return null
  const words = scored(markdown, seen)
  const scores = words.map(({ confidence }) => confidence)
  const page = {
    average_page_confidence_score: scores.reduce((sum, score) => sum + score, 0) / scores.length,
    minimum_page_confidence_score: Math.min(...scores),
  }
  return granularity === 'word' ? { ...page, word_confidence_scores: words } : page
}

/** The words as they stand in the markdown, each with its score. */
function scored(
  markdown: string,
  seen: SightWord[] | undefined,
): { text: string; confidence: number; start_index: number }[] {
  if (!seen) {
    const words = [...markdown.matchAll(/\S+/g)]
    return words.map(({ 0: text, index }) => ({ text, confidence: 1, start_index: index }))
  }
  let at = 0
  return seen.map(({ text, confidence }) => {
    const start = Math.max(at, markdown.indexOf(text, at))
    at = start + text.length
    return { text, confidence, start_index: start }
  })
}

function annotate(pages: readonly Page[], format: unknown): string | null {
  const schema = schemaOf(format)
  if (!schema) return null
  return JSON.stringify(fillSchema(schema, new Quotes(pages.map(({ markdown }) => markdown).join('\n\n'))))
}
