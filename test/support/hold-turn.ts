import { openTurns } from '../../src/domains/iep/turns.ts'
import { openDatabase } from '../../src/shared/database.ts'
import { createLog } from '../../src/shared/log.ts'

/** A process that takes a turn, waits for another, and never gives back either. */
const [model = '', aliveForMs = '300'] = process.argv.slice(2)
const log = createLog({ level: 'silent', process: 'holding' })
const url = process.env['DATABASE_URL'] ?? ''
const database = openDatabase({ url, pool: 2, namedStatements: true, log, name: 'holding' })
const turns = openTurns({ database, log, aliveForMs: Number(aliveForMs) })
const asking = { provider: 'test', model, userId: 'user-ada', signal: new AbortController().signal }
await turns.takeTurn(asking)
process.stdout.write('holding\n')
const second = turns.takeTurn(asking)
process.stdout.write('waiting\n')
await second
