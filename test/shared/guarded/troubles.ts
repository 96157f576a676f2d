/** Runs in the guarded process: does what documents and pictures may lead to. */
import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { performance } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'

export type Trouble =
  | { echo: string }
  | { fill: 'heap' | 'buffers' }
  | { spin: true; ready?: string }
  | { wait: number; ready?: string }
  | { answer: number }
  | { exit: number }
  | { raise: NodeJS.Signals }
  | { throwing: string }
  | { read: string }
  | { write: string }
  | { look: 'environment' | 'input' | 'children' | 'code' | 'sharp' }

export async function guarded(trouble: Trouble): Promise<unknown> {
  if ('echo' in trouble) return trouble.echo
  if ('fill' in trouble) return fill(trouble.fill)
  if ('spin' in trouble) {
    if (trouble.ready) await writeFile(trouble.ready, String(process.pid))
    for (;;) performance.now()
  }
  if ('wait' in trouble) {
    if (trouble.ready) await writeFile(trouble.ready, String(process.pid))
    return setTimeout(trouble.wait, 'waited')
  }
  if ('answer' in trouble) return 'x'.repeat(trouble.answer)
  if ('exit' in trouble) return process.exit(trouble.exit)
  if ('raise' in trouble) {
    process.kill(process.pid, trouble.raise)
    return setTimeout(50, 'still here')
  }
  if ('throwing' in trouble) throw new RangeError(trouble.throwing)
  if ('read' in trouble) return (await readFile(trouble.read, 'utf8')).length
  if ('write' in trouble) return writeFile(trouble.write, 'written')
  return look(trouble.look)
}

function fill(what: 'heap' | 'buffers'): never {
  const kept: unknown[] = []
  for (;;) kept.push(what === 'heap' ? Array.from({ length: 100_000 }, () => ({})) : Buffer.alloc(2 ** 20, 1))
}

async function look(at: 'environment' | 'input' | 'children' | 'code' | 'sharp'): Promise<unknown> {
  if (at === 'environment') return Object.keys(process.env)
  if (at === 'input') return (await readFile('/dev/stdin', 'utf8')).length
  // oxlint-disable-next-line typescript/no-implied-eval -- that it cannot be done is what is tested
  if (at === 'code') return (new Function('return 1') as () => number)()
  if (at === 'sharp') {
    const { default: sharp } = await import('sharp')
    return sharp({ create: { width: 2, height: 3, channels: 3, background: '#fff' } }).metadata()
  }
  return new Promise((resolve, reject) => {
    spawn('true').once('error', reject).once('exit', resolve)
  })
}
