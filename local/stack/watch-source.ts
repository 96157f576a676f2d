import { watch, type FSWatcher } from 'node:fs'
import path from 'node:path'
import { root } from './place.ts'

/** An editor touches a file several times when it saves, and a checkout touches many. */
const QUIET_FOR = 120

/** Calls back, once it is quiet again, with one of the files in `src/` that changed. */
export function watchSource(changed: (file: string) => void): FSWatcher {
  let timer: NodeJS.Timeout | undefined
  return watch(path.join(root, 'src'), { recursive: true }, (_event, name) => {
    // What an editor keeps beside a file while it is open is not source.
    if (!name || !/\.(ts|mjs|json|sql|html|css)$/.test(name)) return
    clearTimeout(timer)
    timer = setTimeout(() => changed(path.join('src', name)), QUIET_FOR)
  })
}
