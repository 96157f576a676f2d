import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

// node bench/top-functions.ts DIR: where the processes of a bench with --profile DIR spent their time.
const [directory] = process.argv.slice(2)
if (!directory) throw new Error('Which directory? The one given to --profile.')
for (const file of readdirSync(directory).filter((name) => name.endsWith('.cpuprofile')))
  console.log(`${file}\n${topFunctions(path.join(directory, file)).join('\n')}\n`)

interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[]
  samples: number[]
  timeDeltas: number[]
}

/** The functions whose own code took longest, as shares of the time that was not idle. */
function topFunctions(file: string): string[] {
  const profile = JSON.parse(readFileSync(file, 'utf8')) as Profile
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  const spent = new Map<string, number>()
  for (const [index, id] of profile.samples.entries()) {
    const name = names.get(id) ?? 'unknown'
    if (!name.startsWith('(idle)')) spent.set(name, (spent.get(name) ?? 0) + (profile.timeDeltas[index] ?? 0))
  }
  const busy = [...spent.values()].reduce((sum, time) => sum + time, 0)
  return [...spent]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 30)
    .map(([name, time]) => `  ${((time / busy) * 100).toFixed(1).padStart(5)} %  ${name}`)
}

function nameOf({ functionName, url, lineNumber }: Profile['nodes'][number]['callFrame']): string {
  const place = url.replace(/^.*\/node_modules\//, '').replace(/^file:\/\/.*\/(?=src\/|bench\/)/, '')
  return place ? `${functionName || '(anonymous)'}  ${place}:${lineNumber + 1}` : functionName
}
