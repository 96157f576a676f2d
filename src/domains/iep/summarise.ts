import type { Content, Verification } from './content.ts'
import type { DocumentRef } from './document.ts'
import type { Model } from './model.ts'
import { answerForm } from './prompts/answer.ts'
import { fenced } from './prompts/fence.ts'
import { loadPrompt } from './prompts/load.ts'
import { askUntilRight, correction, type Settled } from './prompts/until-right.ts'
import type { RedactedPage } from './redacting.ts'
import { inChunks, type Chunk } from './summarise/chunks.ts'
import { judgeAgainst } from './summarise/judge.ts'
import { inGroups, partsOf } from './summarise/parts.ts'
import { several } from './summarise/several.ts'
import type { Version } from './versions.ts'

export interface Summarising {
  model: Model
  document: DocumentRef
  /** All pages of the document, in order. */
  pages: readonly RedactedPage[]
  signal: AbortSignal
  progress: (percent: number, step: string) => void
  /** Of pages or parts in one question; what is longer is asked in several. [350,000] */
  charactersPerQuestion?: number
}

/**
 * Makes the English version of a document from its redacted pages: a summary and the sections, each checked by code
 * against the pages it cites. What does not hold is sent back to the model twice at most; what still does not hold is
 * told in `verification`, sentence by sentence.
 *
 * A document that is too long for one question is asked about in chunks of pages; what comes of them is then merged by
 * one more question, and checked against the pages like the rest.
 * @throws DocumentGone, GiveUp, Throttled, and whatever else `Model.complete` throws; an Error when a page is missing
 */
export async function summarise(work: Summarising): Promise<Version> {
  const { pages, progress, charactersPerQuestion = 350_000 } = work
  assertComplete(pages)
  const chunks = inChunks(pages, charactersPerQuestion)
  let done = 0
  const tell = (): void =>
    progress((100 * done) / (chunks.length + 1), `summarised ${done} of ${chunks.length} parts`)

  tell()
  const accounts = await several(chunks, questionsAtOnce, async (chunk) => {
    const account = await summariseChunk(work, chunk)
    done += 1
    tell()
    return account
  })
  const merged = await merge(work, accounts, charactersPerQuestion)
  progress(100, 'summarised')
  return versionOf(merged, accounts.length > 1)
}

/** Chunks that are asked about at the same time; the model's own turns decide when each is. */
const questionsAtOnce = 3

const prompts = { summarise: loadPrompt('summarise'), merge: loadPrompt('merge') }

/** A page that is not there cannot be told from one that says nothing. */
function assertComplete(pages: readonly RedactedPage[]): void {
  if (pages.length === 0) throw new Error('There are no pages to summarise.')
  for (const [index, { number }] of pages.entries())
    if (number !== index + 1)
      throw new Error(`Page ${index + 1} of the document is not there to be summarised.`)
}

function summariseChunk(work: Summarising, chunk: Chunk): Promise<Settled> {
  const labelled = chunk.map(({ number, text }) => ({ label: `page ${number}`, text }))
  return ask(work, prompts.summarise.textWith({}), fenced(labelled, 'end of the pages'), chunk)
}

/** One account of several, group by group if they are too long for one question. */
async function merge(work: Summarising, accounts: Settled[], most: number): Promise<Settled> {
  let corrections = accounts.reduce((sum, account) => sum + account.corrections, 0)
  let left = accounts
  while (left.length > 1) {
    left = await several(inGroups(left, most), questionsAtOnce, async (group) => {
      const [only] = group
      if (group.length === 1 && only) return only
      const merged = await ask(
        work,
        prompts.merge.textWith({}),
        fenced(partsOf(group), 'end of the parts'),
        work.pages,
      )
      corrections += merged.corrections
      return merged
    })
  }
  return { ...(left[0] as Settled), corrections }
}

function ask(
  work: Summarising,
  rules: string,
  material: string,
  pages: readonly RedactedPage[],
): Promise<Settled> {
  const { model, document, signal } = work
  return askUntilRight(
    model,
    {
      document,
      step: 'summarise',
      language: 'en',
      messages: [
        { role: 'system', content: rules },
        { role: 'user', content: material },
      ],
      schema: answerForm,
      signal,
    },
    judgeAgainst(pages),
  )
}

function versionOf({ content, findings, checked, corrections, model }: Settled, merged: boolean): Version {
  const used = [prompts.summarise, ...(merged ? [prompts.merge] : []), correction]
  const verification: Verification = {
    verified: findings.length === 0,
    checked,
    corrections,
    unverified: findings,
  }
  return {
    content: content satisfies Content,
    verification,
    promptVersion: used.map(({ version }) => version).join(' '),
    model,
  }
}
