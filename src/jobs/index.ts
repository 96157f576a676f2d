import { register } from './define.ts'

/** Everything this system can do. A new job is a file, a line here and a test. */
export const registry = register([])
