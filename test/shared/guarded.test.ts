import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { getPriority, tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { GuardTripped, runGuarded, type Guard } from '../../src/shared/guarded.ts'
import { watchPs } from '../../src/shared/guarded/memory.ts'
import { startProcess } from '../support/processes.ts'
import type * as troubles from './guarded/troubles.ts'

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'millrace-guarded-'))
})

afterAll(() => rm(directory, { recursive: true }))

function guarded(trouble: troubles.Trouble, guard: Partial<Guard> = {}): Promise<unknown> {
  const module = new URL('guarded/troubles.ts', import.meta.url)
  const { signal } = new AbortController()
  return runGuarded<typeof troubles>(module, trouble, { ms: 20_000, memoryBytes: 400e6, signal, ...guard })
}

async function tripped(trouble: troubles.Trouble, guard: Partial<Guard> = {}): Promise<string> {
  const error: unknown = await guarded(trouble, guard).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(GuardTripped)
  return (error as GuardTripped).reason
}

const exists = (pid: number): boolean => existsSync(`/proc/${pid}`)

async function pidIn(file: string): Promise<number> {
  await vi.waitFor(() => expect(existsSync(file)).toBe(true), { timeout: 30_000 })
  return vi.waitFor(async () => {
    const pid = Number(await readFile(file, 'utf8'))
    expect(pid).toBeGreaterThan(0)
    return pid
  })
}

describe('work that ends', () => {
  test('is answered with what it returned', async () => {
    expect(await guarded({ echo: 'Ada 李 ✓' })).toBe('Ada 李 ✓')
  })

  test('many at once all come to their turn', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `Grace ${index}`)
    expect(await Promise.all(names.map((echo) => guarded({ echo })))).toEqual(names)
  })

  test('signals that a terminal sends to all are not its own to answer', async () => {
    for (const raise of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      expect(await guarded({ raise })).toBe('still here')
  })
})

describe('work that takes too much', () => {
  test('of time, doing nothing', async () => {
    expect(await tripped({ wait: 600_000 }, { ms: 200 })).toBe('time')
  })

  test('of time, without ever letting go', async () => {
    expect(await tripped({ spin: true }, { ms: 200 })).toBe('time')
  })

  test('of memory outside the heap', async () => {
    expect(await tripped({ fill: 'buffers' })).toBe('memory')
  })

  test('of memory inside the heap', async () => {
    expect(await tripped({ fill: 'heap' })).toBe('memory')
  })

  test('of words', async () => {
    expect(await guarded({ answer: 60_000 })).toHaveLength(60_000)
    expect(await tripped({ answer: 70_000 })).toBe('died')
    expect(await tripped({ answer: 50_000_000 })).toBe('died')
  })
})

describe('work that breaks off', () => {
  test('by an error, of which only the kind is told', async () => {
    const error: unknown = await guarded({ throwing: 'Ada lives in Boston' }).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ name: 'GuardTripped', reason: 'died', message: 'It threw: RangeError.' })
  })

  test('by ending its process', async () => {
    expect(await tripped({ exit: 0 })).toBe('died')
    expect(await tripped({ exit: 7 })).toBe('died')
    expect(await tripped({ raise: 'SIGSEGV' })).toBe('died')
  })

  test('as the kernel does when there is no memory left', async () => {
    expect(await tripped({ raise: 'SIGKILL' })).toBe('memory')
  })

  test('because a file is not there: no fault of the input', async () => {
    const read = path.join(directory, 'missing')
    const error: unknown = await guarded({ read }, { reads: [read] }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'Error', code: 'ENOENT' })
  })

  test('before it began, when its module cannot be loaded: no fault of the input', async () => {
    const guard = { ms: 5000, memoryBytes: 400e6, signal: new AbortController().signal }
    const started = runGuarded(new URL('guarded/missing.ts', import.meta.url), {} as never, guard)
    await expect(started).rejects.toMatchObject({ name: 'Error', message: expect.stringContaining('began') })
  })
})

describe('somebody who no longer wants it', () => {
  test('is told so at once, and the process is gone', async () => {
    const ready = path.join(directory, 'ready')
    const abort = new AbortController()
    const reason = new Error('The worker stops.')

    const work = guarded({ wait: 600_000, ready }, { signal: abort.signal, writes: [ready] })
    const pid = await pidIn(ready)
    abort.abort(reason)

    await expect(work).rejects.toBe(reason)
    expect(exists(pid)).toBe(false)
  })

  test('before it began, starts nothing', async () => {
    const ready = path.join(directory, 'never')
    const signal = AbortSignal.abort(new Error('too late'))

    await expect(guarded({ wait: 1, ready }, { signal, writes: [ready] })).rejects.toThrow('too late')
    expect(existsSync(ready)).toBe(false)
  })

  test('while others are at work, leaves the line', async () => {
    const abort = new AbortController()
    const others = Array.from({ length: 8 }, () => guarded({ wait: 300 }))
    const last = guarded({ wait: 600_000 }, { signal: abort.signal })
    abort.abort(new Error('The worker stops.'))

    await expect(last).rejects.toThrow('The worker stops.')
    expect(await Promise.all(others)).toEqual(others.map(() => 'waited'))
    expect(await guarded({ echo: 'Linus' })).toBe('Linus')
  })

  test('because he was killed himself, leaves no process behind', async () => {
    const ready = path.join(directory, 'orphan')
    const parent = startProcess(path.join(import.meta.dirname, 'guarded', 'parent.ts'), [ready], {})
    const orphan = await pidIn(ready)
    expect(exists(orphan)).toBe(true)

    parent.signal('SIGKILL')
    await parent.exited

    await vi.waitFor(() => expect(exists(orphan)).toBe(false), { timeout: 20_000 })
  })
})

describe('the process', () => {
  test('comes after those around it when processors are scarce', async () => {
    const ready = path.join(directory, 'patient')
    const abort = new AbortController()
    const work = guarded({ wait: 60_000, ready }, { signal: abort.signal, writes: [ready] })

    const theirs = getPriority(await pidIn(ready))
    abort.abort(new Error('seen enough'))

    await expect(work).rejects.toThrow('seen enough')
    expect(theirs).toBe(Math.min(getPriority() + 10, 19))
  })

  test('knows nothing of our environment and has no input', async () => {
    expect(await guarded({ look: 'environment' })).toEqual([])
    expect(await guarded({ look: 'input' }, { reads: ['/dev/stdin', '/proc', '/dev'] })).toBe(0)
  })

  test('reads and writes the files it is told, and no others', async () => {
    const [told, other] = [path.join(directory, 'told.txt'), path.join(directory, 'other.txt')]
    await writeFile(told, 'Ada')
    await writeFile(other, 'Grace')

    expect(await guarded({ read: told }, { reads: [told] })).toBe(3)
    await guarded({ write: told }, { writes: [told] })
    expect(await readFile(told, 'utf8')).toBe('written')

    const denied = { code: 'ERR_ACCESS_DENIED' }
    await expect(guarded({ read: other }, { reads: [told] })).rejects.toMatchObject(denied)
    await expect(guarded({ write: other }, { writes: [told] })).rejects.toMatchObject(denied)
    expect(await readFile(other, 'utf8')).toBe('Grace')
  })

  test('starts no other and makes no code from text', async () => {
    await expect(guarded({ look: 'children' })).rejects.toMatchObject({ code: 'ERR_ACCESS_DENIED' })
    await expect(guarded({ look: 'code' })).rejects.toThrow('EvalError')
  })

  test('loads native code only when told that it may', async () => {
    expect(await tripped({ look: 'sharp' })).toBe('died')
    expect(await guarded({ look: 'sharp' }, { addons: true })).toMatchObject({ width: 2, height: 3 })
  })
})

test('it runs where its packages and its own folder are links to others', async () => {
  const project = path.join(directory, 'linked')
  const root = path.join(import.meta.dirname, '..', '..')
  await mkdir(project)
  await cp(path.join(root, 'src', 'shared'), path.join(project, 'src', 'shared'), { recursive: true })
  await cp(path.join(root, 'package.json'), path.join(project, 'package.json'))
  await symlink(path.join(root, 'node_modules'), path.join(project, 'node_modules'))
  const tasks = path.join(import.meta.dirname, 'guarded')
  await cp(tasks, path.join(project, 'own'), { recursive: true })
  await symlink(tasks, path.join(project, 'others'))
  const linked = (await import(path.join(project, 'src', 'shared', 'guarded.ts'))) as {
    runGuarded: typeof runGuarded
  }
  const { signal } = new AbortController()
  const run = (folder: string, trouble: troubles.Trouble): Promise<unknown> => {
    const module = pathToFileURL(path.join(project, folder, 'troubles.ts'))
    const guard = { ms: 20_000, memoryBytes: 400e6, signal, addons: true }
    return linked.runGuarded<typeof troubles>(module, trouble, guard)
  }

  expect(await run('own', { look: 'sharp' })).toMatchObject({ width: 2, height: 3 })
  expect(await run('others', { echo: 'Grace' })).toBe('Grace')
})

test('where there is no /proc, ps is asked', async () => {
  const alarmed = await new Promise((resolve) => {
    const stop = watchPs(process.pid, 1000, (blind) => {
      stop()
      resolve(blind ?? 'too much')
    })
  })
  expect(alarmed).toBe('too much')
})
