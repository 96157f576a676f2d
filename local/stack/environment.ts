import path from 'node:path'
import { root } from './place.ts'

/**
 * The environment that processes inherit, in which `node` is the Node we run on ourselves: the system's may be too
 * old for TypeScript, or npm may have brought none.
 */
export function inherited(given: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const folders = [path.dirname(process.execPath), path.join(root, 'node_modules', '.bin'), given['PATH']]
  return {
    NODE_COMPILE_CACHE: path.join(root, '.local', 'compile-cache'),
    ...given,
    PATH: folders.filter(Boolean).join(path.delimiter),
  }
}
