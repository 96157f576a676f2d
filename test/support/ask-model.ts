import { createModel } from '../../src/domains/iep/model.ts'
import { openTurns } from '../../src/domains/iep/turns.ts'
import { openDatabase } from '../../src/shared/database.ts'
import { createLog } from '../../src/shared/log.ts'
import { openMistral } from '../../src/shared/mistral.ts'

/** A process that asks the chat model one question about a document, for tests that end it in the middle. */
const [url = '', apiKey = '', iepId = '', userId = '', aliveForMs = '8000'] = process.argv.slice(2)
const log = createLog({ level: 'silent', process: 'asking' })
const database = openDatabase({
  url: process.env['DATABASE_URL'] ?? '',
  pool: 2,
  namedStatements: true,
  log,
  name: 'asking',
})
const turns = openTurns({ database, log, aliveForMs: Number(aliveForMs) })
const model = createModel({
  database,
  mistral: openMistral({ apiKey, url }),
  turns,
  config: { ocrModel: 'mistral-ocr-4-1', chatModel: 'mistral-medium-3-5' },
  log,
})
await model.complete({
  document: { iepId, userId, revision: 1 },
  step: 'summarise',
  language: 'en',
  messages: [{ role: 'user', content: 'What does Ada read?' }],
  schema: {
    name: 'summary',
    schema: { type: 'object', properties: { summary: { type: 'string' } }, required: ['summary'] },
  },
  signal: new AbortController().signal,
})
await turns.close()
await database.close()
