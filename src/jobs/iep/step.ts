import { z } from 'zod'
import type { Language } from '../../domains/iep/content.ts'
import { DocumentGone, type DocumentRef } from '../../domains/iep/document.ts'
import { ConsentWithdrawn, forgetAnswers } from '../../domains/iep/models/calls.ts'
import { beginStep, endNeedlessWait, holdDocument, layAside, noteProblem } from '../../domains/iep/steps.ts'
import type { Sql, Tx } from '../../shared/database.ts'
import { GiveUp, Trouble } from '../../shared/errors.ts'
import { seconds } from '../../shared/time.ts'
import { backingOff, commit, done, type Commit, type Done, type Tools } from '../define.ts'

/** What every step of a document is asked for with: ids, and nothing that is in the document. */
export const documentData = z.strictObject({
  iepId: z.uuid(),
  userId: z.string().min(1).max(128),
  revision: z.int().min(1),
})

/** Twelve attempts within about an hour: as long as a provider may be away. */
export const persistently = backingOff(12, seconds(10))

/** Two revisions of a document are two promises: what is still going on about the older one ends by itself. */
export const keyOf = ({ iepId, revision }: DocumentRef): string => `${iepId} ${revision}`
export const ownerOf = ({ userId }: Pick<DocumentRef, 'userId'>): string => `iep:${userId}`

/** What came of a step: what it counted, or why it did nothing. */
export type Outcome<Result> = Result | { gone: true } | { waitingFor: 'consent' }

/** What one step of a document is made of. */
interface StepOf<Result> {
  document: DocumentRef
  sql: Sql
  /** Written down when the step begins, while the document is held. */
  begin?: (tx: Tx) => Promise<void>
  /** What takes long, outside any transaction. */
  work: () => Promise<(tx: Tx) => Promise<Result>>
  /** Whose questions it asks: their answers are forgotten when none of them is of use, so that trying again may help. */
  asks?: { step: 'summarise' | 'translate'; language: Language }
  /** Asks the tables what follows once the step is done. */
  nextSteps?: Tools['nextSteps']
}

/**
 * One step of a document. What `work` returns writes down that it is done, while the document is held, in the
 * transaction that settles the job. Without consent nothing is done, and when it is taken back in the middle nothing
 * more; a document that went away ends the step in peace.
 */
export async function takeStep<Result>({
  document,
  sql,
  begin,
  work,
  asks,
  nextSteps,
}: StepOf<Result>): Promise<Done<Outcome<Result>> | Commit<Outcome<Result>>> {
  try {
    for (;;) {
      const consent = await sql.transaction().execute(async (tx) => {
        const begun = await beginStep(tx, document)
        if (begun) await begin?.(tx)
        return begun
      })
      if (!consent) return waitForConsent(document, asks?.language)
      const finish = await unlessWithdrawn(work)
      // Whoever gave consent again since has left it to this step to go on: it was not over yet.
      if (!finish) continue
      return settling(async (tx) => {
        const held = await holdDocument(tx, document)
        const result = await finish(tx)
        if (!held.consent) await endNeedlessWait(tx, document)
        return done<Outcome<Result>>(result, ...((await nextSteps?.(tx, document)) ?? []))
      })
    }
  } catch (error) {
    if (error instanceof DocumentGone) return done({ gone: true })
    if (error instanceof GiveUp) {
      await noteProblem(sql, document, error.code)
      if (asks && error.code === 'unusable-answer') await forgetAnswers(sql, document, asks)
    }
    throw error
  }
}

/** Undefined when consent was taken back meanwhile; what had come until then is kept. */
async function unlessWithdrawn<Finish>(work: () => Promise<Finish>): Promise<Finish | undefined> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ConsentWithdrawn) return undefined
    throw error
  }
}

/** It is for whoever gives consent to ask again; should that happen in this very moment, for the next attempt. */
const waitForConsent = <Result>(
  document: DocumentRef,
  language: Language | undefined,
): Commit<Outcome<Result>> =>
  settling(async (tx) => {
    if ((await holdDocument(tx, document)).consent)
      throw new Trouble('consent-given', 'Consent was given while the step was about to wait for it.')
    await layAside(tx, document, language)
    return done<Outcome<Result>>({ waitingFor: 'consent' })
  })

/** A document is found to be gone before anything is written, so the transaction may still settle the job. */
const settling = <Result>(write: (tx: Tx) => Promise<Done<Outcome<Result>>>): Commit<Outcome<Result>> =>
  commit(async (tx) => {
    try {
      return await write(tx)
    } catch (error) {
      if (error instanceof DocumentGone) return done<Outcome<Result>>({ gone: true })
      throw error
    }
  })

/** The document as `holdDocument` gives it, for those who write about a failure; undefined when it is gone. */
export async function holdIfThere(tx: Tx, document: DocumentRef) {
  try {
    return await holdDocument(tx, document)
  } catch (error) {
    if (error instanceof DocumentGone) return undefined
    throw error
  }
}

/**
 * A tool this process may lack.
 * @throws Trouble `not-configured`: the job waits, and is seen, until somebody sets the variable.
 */
export function configured<Tool>(tool: Tool | undefined, variable: string): Tool {
  if (tool === undefined) throw new Trouble('not-configured', `${variable} is not set for this worker.`)
  return tool
}
