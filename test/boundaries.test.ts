import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { products } from '../src/shared/config.ts'

const root = path.join(import.meta.dirname, '..', 'src')

/** Who may know whom. Arrows only point down this list; ingress and workers never meet. */
const mayImport: Record<string, string[]> = {
  ingress: ['ingress', 'jobs', 'domains', 'shared'],
  workers: ['workers', 'jobs', 'domains', 'shared'],
  jobs: ['jobs', 'domains', 'shared'],
  domains: ['domains', 'shared'],
  shared: ['shared'],
}

interface Import {
  from: string
  to: string
}

const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const text = new Map(files.map((file) => [file, readFileSync(path.join(root, file), 'utf8')]))
const specifiers = (source: string): string[] =>
  [...source.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)['"]([^'"]+)['"]/g)].map((match) => match[1] as string)
const imports: Import[] = [...text].flatMap(([from, source]) =>
  specifiers(source)
    .filter((to) => to.startsWith('.'))
    .map((to) => ({ from, to: path.relative(root, path.resolve(root, path.dirname(from), to)) })),
)
const layer = (file: string): string => file.split(path.sep)[0] as string
const productOf = (file: string): string | undefined => {
  const [, second = ''] = /^(?:jobs|domains|ingress\/http)\/([a-z]+)/.exec(file) ?? []
  return products.find((product) => product === second)
}

test('imports are found at all', () => {
  expect(imports.length).toBeGreaterThan(100)
})

test('every file of src/ lives in one of the five houses', () => {
  expect(files.filter((file) => !(layer(file) in mayImport))).toEqual([])
})

test('arrows point one way', () => {
  const wrong = imports.filter(({ from, to }) => !mayImport[layer(from)]?.includes(layer(to)))
  expect(wrong, 'Import down the list only; what crosses belongs in jobs/ or shared/.').toEqual([])
})

test('a product never imports another product', () => {
  const wrong = imports.filter(
    ({ from, to }) => productOf(from) && productOf(to) && productOf(from) !== productOf(to),
  )
  expect(wrong, 'What crosses products is one sentence in ingress/reactions.ts.').toEqual([])
})

test('only jobs/ledger/ touches the tables of the ledger', () => {
  const wrong = files.filter(
    (file) =>
      !file.startsWith('jobs/ledger/') &&
      file !== 'shared/schema.ts' &&
      /millrace\.[a-z_]+\b/.test(sqlOf(file)),
  )
  expect(wrong).toEqual([])
})

test('only shared/config.ts reads the environment', () => {
  const wrong = files.filter(
    (file) =>
      file !== 'shared/config.ts' && /process\.env\b|from 'node:process'/.test(text.get(file) as string),
  )
  expect(wrong).toEqual([])
})

test('a job imports no client: it names the tools it wants in its signature', () => {
  const clients =
    /^(@aws-sdk\/|@mistralai\/|pg$|ioredis$|bullmq$|fastify|sharp$|node:(fs|net|http|child_process))/
  const jobs = files.filter(
    (file) => /^jobs\/[a-z]+\/[a-z-]+\.ts$/.test(file) && !file.startsWith('jobs/ledger/'),
  )
  const wrong = jobs.flatMap((file) =>
    specifiers(text.get(file) as string)
      .filter((to) => clients.test(to))
      .map((to) => `${file} imports ${to}`),
  )
  expect(wrong).toEqual([])
})

test('nothing in src/ knows the local stack or the tests', () => {
  expect(imports.filter(({ to }) => to.startsWith('..'))).toEqual([])
})

test('no file or folder is called after nothing in particular', () => {
  expect(
    files.filter((file) =>
      /(^|\/)(utils?|helpers?|common|service|services|manager|managers|misc)([./-]|$)/.test(file),
    ),
  ).toEqual([])
})

test('no default exports', () => {
  expect(files.filter((file) => /^export default/m.test(text.get(file) as string))).toEqual([])
})

/** The parts of a file that could be SQL: its quoted and back-quoted strings. */
function sqlOf(file: string): string {
  return [...(text.get(file) as string).matchAll(/`[^`]*`|'[^'\n]*'/g)]
    .map((match) => match[0])
    .filter(
      (quoted) =>
        /\b(select|insert|update|delete|from|into|table)\b/i.test(quoted) ||
        /^'millrace\.[a-z_]+'$/.test(quoted),
    )
    .filter((quoted) => !/^'millrace\.[a-z]+(-[a-z]+)+'$/.test(quoted))
    .join('\n')
}
