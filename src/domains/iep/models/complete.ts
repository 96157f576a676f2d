import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Sql, Tx } from '../../../shared/database.ts'
import { Trouble } from '../../../shared/errors.ts'
import type { Completion } from '../../../shared/mistral.ts'
import { DocumentGone } from '../document.ts'
import type { Model, Question } from '../model.ts'
import { chatCost } from '../prices.ts'
import { endCall, holdDocument, isHeld, type Call } from './calls.ts'
import { inTurn } from './in-turn.ts'
import type { ModelParts } from './parts.ts'
import { storable } from './storable.ts'

type Completed = Awaited<ReturnType<Model['complete']>>

/** Asks a question, unless the same one about the same document has been answered already. */
export function createCompleter(parts: ModelParts): Model['complete'] {
  const { database, mistral, config } = parts
  const model = config.chatModel

  return async ({ document, step, language, messages, schema, signal }) => {
    const call: Call = { document, step, language, requestHash: hashOf(model, messages, schema), model }
    return inTurn(parts, {
      call,
      known: async () => {
        const found = await answered(database.sql, call)
        if (found) await database.transaction((tx) => holdDocument(tx, document))
        return found
      },
      ask: () => mistral.chat({ model, messages, schema, signal }),
      store: async (tx, callId, completion) => {
        const { promptTokens, completionTokens } = completion
        const parsed = parse(completion)
        await endCall(tx, callId, {
          outcome: parsed ? 'answered' : 'unusable',
          promptTokens,
          completionTokens,
          cost: chatCost(model, completion),
        })
        // What it cost is known even if nobody wants it any more; the answer is not kept then.
        if (!(await isHeld(tx, document))) return gone
        if (!parsed) return unusable
        const kept = await keep(tx, callId, { answer: parsed.answer, model: completion.model })
        return () => kept
      },
      signal,
    })
  }
}

const hashOf = (model: string, messages: Question['messages'], schema: Question['schema']): Buffer =>
  createHash('sha256')
    .update(JSON.stringify([model, messages, schema]))
    .digest()

/**
 * Keeps an answer and gives it back as it will be found again: Postgres orders keys its own way, and whoever goes on
 * asking about the answer must ask the same whether it is the first to have it or not.
 */
async function keep(tx: Tx, callId: string, completed: Completed): Promise<Completed> {
  const { rows } = await sql<{ answer: Completed }>`
    update iep.model_calls set answer = ${JSON.stringify(completed)}::jsonb where call_id = ${callId}
    returning answer`.execute(tx)
  return (rows[0] as { answer: Completed }).answer
}

/** The newest answer to the same question. */
async function answered(db: Sql, { document, requestHash }: Call): Promise<Completed | undefined> {
  const found = await sql<{ answer: Completed }>`
    select answer from iep.model_calls
    where iep_id = ${document.iepId} and request_hash = ${requestHash} and outcome = 'answered' and answer is not null
    order by ended_at desc limit 1`.execute(db)
  return found.rows[0]?.answer
}

/** Undefined for what broke off, or is no JSON. */
function parse({ content, finished }: Completion): { answer: unknown } | undefined {
  if (!finished) return undefined
  try {
    return { answer: storable(JSON.parse(content) as unknown) }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function gone(): never {
  throw new DocumentGone('The document is gone.')
}

function unusable(): never {
  throw new Trouble('unusable-answer', "The model's answer broke off, or was not JSON.")
}
