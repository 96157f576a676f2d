import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Sql, Tx } from '../../../shared/database.ts'
import { Trouble } from '../../../shared/errors.ts'
import type { ReadPage, ReadPages } from '../../../shared/mistral.ts'
import { DocumentGone, type DocumentRef } from '../document.ts'
import type { Model } from '../model.ts'
import { readingCost } from '../prices.ts'
import { endCall, isHeld, type Call } from './calls.ts'
import { inTurn } from './in-turn.ts'
import type { ModelParts } from './parts.ts'
import { storable } from './storable.ts'

/** Reads what is missing of the pages that are asked for, in one call. */
export function createReader(parts: ModelParts): Model['read'] {
  const { database, mistral, config } = parts
  const model = config.ocrModel

  return async ({ document, url, pages, signal }) => {
    const wanted = await missing(database.sql, document, pages)
    if (wanted.length === 0) return
    const call: Call = {
      document,
      step: 'read',
      language: null,
      requestHash: hashOf(model, document.revision, wanted),
      model,
    }
    await inTurn(parts, {
      call,
      known: async () => {
        const left = await missing(database.sql, document, wanted)
        return left.length === 0 ? 'read' : undefined
      },
      ask: () => mistral.readPages({ model, url, pages: wanted, signal }),
      store: async (tx, callId, answer) => {
        await endCall(tx, callId, {
          outcome: 'answered',
          pages: answer.pagesCharged,
          cost: readingCost(model, answer.pagesCharged),
        })
        // What it cost is known even if nobody wants it any more.
        if (!(await isHeld(tx, document))) return gone
        const { whole, lacking } = match(wanted, answer)
        await storePages(tx, document, answer.model, whole)
        return lacking === 0 ? () => 'read' as const : () => tooFew(lacking)
      },
      signal,
    })
  }
}

/** Which of the pages are not there yet, in order. */
async function missing(db: Sql, { iepId }: DocumentRef, pages: number[]): Promise<number[]> {
  const stored = await db
    .selectFrom('iep.pages')
    .select('index')
    .where('iep_id', '=', iepId)
    .where('index', 'in', pages.length === 0 ? [-1] : pages)
    .execute()
  const there = new Set(stored.map(({ index }) => index))
  return [...new Set(pages)].filter((page) => !there.has(page)).sort((a, b) => a - b)
}

const hashOf = (model: string, revision: number, pages: number[]): Buffer =>
  createHash('sha256')
    .update(JSON.stringify([model, revision, pages]))
    .digest()

/** The pages that were asked for and came once. One that came twice is as good as missing: which of them is it? */
function match(wanted: number[], { pages }: ReadPages): { whole: ReadPage[]; lacking: number } {
  const whole = wanted.flatMap((index) => {
    const found = pages.filter((page) => page.index === index)
    return found.length === 1 ? found : []
  })
  return { whole, lacking: wanted.length - whole.length }
}

async function storePages(tx: Tx, { iepId }: DocumentRef, model: string, pages: ReadPage[]): Promise<void> {
  const rows = pages.map(({ index, markdown, images, dimensions }) => ({
    index,
    markdown,
    images: images.map((image) => ({ ...image, imageBase64: undefined })),
    dimensions,
  }))
  await sql`
    insert into iep.pages (iep_id, index, markdown, images, dimensions, model)
    select ${iepId}, (page ->> 'index')::integer, page ->> 'markdown', page -> 'images', page -> 'dimensions', ${model}
    from jsonb_array_elements(${JSON.stringify(storable(rows))}::jsonb) as page
    on conflict (iep_id, index) do nothing`.execute(tx)
}

function gone(): never {
  throw new DocumentGone('The document is gone.')
}

function tooFew(lacking: number): never {
  throw new Trouble(
    'pages-missing',
    `The model left out ${lacking === 1 ? 'a page' : `${lacking} pages`} of those it was asked for.`,
  )
}
