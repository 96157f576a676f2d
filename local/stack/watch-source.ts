import { watch, type FSWatcher } from 'node:fs'

/** An editor touches a file several times when it saves, and a checkout touches many. */
const QUIET_FOR = 120

/** Calls back, once it is quiet again, with the last of the source files below `directory` that changed. */
export function watchSource(directory: string, changed: (file: string) => void): FSWatcher {
  let timer: NodeJS.Timeout | undefined
  return watch(directory, { recursive: true }, (_event, name) => {
    // What an editor keeps beside a file while it is open is not source.
    if (!name || !/\.(ts|mjs|json|sql|html|css)$/.test(name)) return
    clearTimeout(timer)
    timer = setTimeout(() => changed(name), QUIET_FOR)
  })
}
