import { initiateUser } from './anki/initiate-user.ts'
import { register } from './define.ts'
import { trimHistory } from './millrace/trim-history.ts'
import { ensureUser } from './rundi/ensure-user.ts'

/** Everything this system can do. A new job is a file, a line here and a test. */
export const registry = register([initiateUser, ensureUser, trimHistory])
