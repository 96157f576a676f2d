import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { sweepScratch } from '../../src/shared/scratch.ts'

test('what killed processes left on the disk goes after a day; what is newer or not ours stays', async () => {
  const scratch = await mkdtemp(path.join(tmpdir(), 'millrace-test-'))
  vi.stubEnv('TMPDIR', scratch)
  const made = async (prefix: string, hours: number): Promise<string> => {
    const directory = await mkdtemp(path.join(scratch, prefix))
    await writeFile(path.join(directory, 'arrived'), 'bytes')
    const then = new Date(Date.now() - hours * 3_600_000)
    await utimes(directory, then, then)
    return path.basename(directory)
  }
  const old = await made('millrace-scratch-', 25)
  const kept = [await made('millrace-scratch-', 23), await made('millrace-other-', 25)]

  const removed = await sweepScratch()

  expect(removed).toBe(1)
  expect(await readdir(scratch)).toEqual(kept.toSorted())
  expect(kept).not.toContain(old)
  vi.unstubAllEnvs()
  await rm(scratch, { recursive: true })
})
