import { execFile } from 'node:child_process'
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openCollections } from '../../../src/domains/anki/collections.ts'

const ada = 'c1bba5c0-b001-7085-7a2e-e74d5399c3d1'
const isRoot = process.getuid?.() === 0
/** A group this process may give things to. */
const gid = isRoot ? 4242 : (process.getgid?.() ?? 0)

let directory: string
let base: string

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'millrace-collections-'))
  base = path.join(directory, 'efs', 'collections')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

test('a new directory has mode 2775 and the configured group, whatever the umask', async () => {
  const collections = openCollections({ base, gid })
  const umask = process.umask(0o077)

  await collections.ensure(ada).finally(() => process.umask(umask))

  expect(await shape(collections.path(ada))).toEqual({ mode: '2775', gid, entries: [] })
  expect(await readdir(base)).toEqual([ada])
})

test('the base directory is made when it is missing, with the same mode and group', async () => {
  await openCollections({ base, gid }).ensure(ada)

  expect(await shape(base)).toEqual({ mode: '2775', gid, entries: [ada] })
})

test('without a configured group the mode is 2775 and the group is what the system gives', async () => {
  await mkdir(base, { recursive: true })
  const { gid: given } = await lstat(base)

  await openCollections({ base, gid: undefined }).ensure(ada)

  expect(await shape(path.join(base, ada))).toEqual({ mode: '2775', gid: given, entries: [] })
})

test('a base directory and a collection that exist keep mode, group and contents', async () => {
  const collections = openCollections({ base, gid })
  await mkdir(collections.path(ada), { recursive: true })
  await chmod(base, 0o755)
  await chmod(collections.path(ada), 0o700)
  await writeFile(path.join(collections.path(ada), 'collection.anki2'), 'cards')
  const before = await shape(collections.path(ada))

  await collections.ensure(ada)

  expect(await shape(collections.path(ada))).toEqual(before)
  expect(await readFile(path.join(collections.path(ada), 'collection.anki2'), 'utf8')).toBe('cards')
  expect((await shape(base)).mode).toBe('755')
})

test('ensuring twice makes one directory', async () => {
  const collections = openCollections({ base, gid })

  await collections.ensure(ada)
  const { ino } = await lstat(collections.path(ada))
  await collections.ensure(ada)

  expect((await lstat(collections.path(ada))).ino).toBe(ino)
})

test('what a crashed process left half made is made anew, with the right mode', async () => {
  const collections = openCollections({ base, gid })
  await mkdir(path.join(base, `.new-${ada}`), { recursive: true, mode: 0o700 })

  await collections.ensure(ada)

  expect(await shape(collections.path(ada))).toEqual({ mode: '2775', gid, entries: [] })
  expect(await readdir(base)).toEqual([ada])
})

test('a file in the way is an error that names no path, and stays', async () => {
  const collections = openCollections({ base, gid })
  await mkdir(base, { recursive: true })
  await writeFile(collections.path(ada), 'in the way')

  const error = await failure(collections.ensure(ada))

  expect(error).toMatchObject({ name: 'StorageTrouble', code: 'collection-in-the-way' })
  expect(error.message).not.toContain(ada)
  expect(await readFile(collections.path(ada), 'utf8')).toBe('in the way')
  expect(await readdir(base)).toEqual([ada])
})

test('a symbolic link in the way is an error, even if it leads to a directory', async () => {
  const collections = openCollections({ base, gid })
  const elsewhere = path.join(directory, 'elsewhere')
  await mkdir(elsewhere)
  await mkdir(base, { recursive: true })
  await symlink(elsewhere, collections.path(ada))

  const error = await failure(collections.ensure(ada))

  expect(error).toMatchObject({ code: 'collection-in-the-way' })
  expect(await collections.exists(ada)).toBe(false)
})

test('a symbolic link where the half-made directory would be is neither followed nor removed', async () => {
  const elsewhere = path.join(directory, 'elsewhere')
  await mkdir(elsewhere)
  await mkdir(base, { recursive: true })
  await symlink(elsewhere, path.join(base, `.new-${ada}`))
  const before = await shape(elsewhere)

  const error = await failure(openCollections({ base, gid }).ensure(ada))

  expect(error).toMatchObject({ code: 'collections-unavailable' })
  expect(await shape(elsewhere)).toEqual(before)
})

test('a base that is a file is an error that names no path', async () => {
  await mkdir(path.dirname(base), { recursive: true })
  await writeFile(base, '')

  const error = await failure(openCollections({ base, gid }).ensure(ada))

  expect(error).toMatchObject({ name: 'StorageTrouble', code: 'collections-unavailable' })
  expect(error.message).not.toContain(directory)
})

test('a group this process may not give is an error that names no path, and nothing is left under the name', async () => {
  await chmod(directory, 0o755)
  await mkdir(base, { recursive: true })
  await chmod(base, 0o777)

  const said = await ensureAsNobody(base, 0)

  expect(said).toMatchObject({ name: 'StorageTrouble', code: 'collections-not-permitted' })
  expect(said.message).not.toContain(directory)
  expect(await readdir(base)).not.toContain(ada)
})

test('a base this process may not write to is an error that names no path', async () => {
  await chmod(directory, 0o755)
  await mkdir(base, { recursive: true })
  await chmod(base, 0o555)

  const said = await ensureAsNobody(base, undefined)

  expect(said).toMatchObject({ name: 'StorageTrouble', code: 'collections-not-permitted' })
  expect(said.message).not.toContain(directory)
})

test.each([
  '..',
  '../../etc',
  `${ada}/..`,
  `${ada}/`,
  `${ada}\0`,
  '',
  ada.toUpperCase(),
  `{${ada}}`,
  `${ada}\n`,
])('%j never becomes a path', async (id) => {
  const collections = openCollections({ base, gid })

  expect(() => collections.path(id)).toThrow('canonical')
  await expect(collections.ensure(id)).rejects.toThrow()
  await expect(collections.exists(id)).rejects.toThrow()
  await expect(collections.discardIfEmpty(id)).rejects.toThrow()
})

test('an empty directory made here is taken back, and taking back twice does no harm', async () => {
  const collections = openCollections({ base, gid })
  await collections.ensure(ada)
  await mkdir(path.join(base, `.new-${ada}`))

  await collections.discardIfEmpty(ada)
  await collections.discardIfEmpty(ada)

  expect(await readdir(base)).toEqual([])
})

test('a directory with anything in it is not taken back', async () => {
  const collections = openCollections({ base, gid })
  await collections.ensure(ada)
  await writeFile(path.join(collections.path(ada), 'collection.anki2'), 'cards')

  await collections.discardIfEmpty(ada)

  expect(await readdir(collections.path(ada))).toEqual(['collection.anki2'])
})

test('an empty directory that somebody else made is not taken back', async () => {
  const collections = openCollections({ base, gid })
  await mkdir(collections.path(ada), { recursive: true })

  await collections.discardIfEmpty(ada)

  expect(await collections.exists(ada)).toBe(true)
})

test('a file or link that has the name is not taken back', async () => {
  const collections = openCollections({ base, gid })
  await mkdir(base, { recursive: true })
  await writeFile(collections.path(ada), 'in the way')

  await collections.discardIfEmpty(ada)

  expect(await readFile(collections.path(ada), 'utf8')).toBe('in the way')
})

async function shape(directory: string): Promise<{ mode: string; gid: number; entries: string[] }> {
  const { mode, gid } = await lstat(directory)
  return { mode: (mode & 0o7777).toString(8), gid, entries: await readdir(directory) }
}

async function failure(work: Promise<unknown>): Promise<Error> {
  const outcome = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(outcome instanceof Error)) throw new Error('It went well.')
  return outcome
}

/** Runs `ensure` in a process without privileges; as root, permissions would be ignored. */
async function ensureAsNobody(
  base: string,
  gid: number | undefined,
): Promise<{ name: string; code: string; message: string }> {
  const script = `
    import { openCollections } from ${JSON.stringify(path.resolve('src/domains/anki/collections.ts'))}
    try {
      await openCollections(${JSON.stringify({ base, gid })}).ensure('${ada}')
      console.log('{}')
    } catch ({ name, code, message }) {
      console.log(JSON.stringify({ name, code, message }))
    }`
  const options = isRoot ? { uid: 65_534, gid: 65_534, cwd: '/' } : {}
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', script],
    options,
  )
  return JSON.parse(stdout) as { name: string; code: string; message: string }
}
