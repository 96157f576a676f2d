import { bench, reportFileOf, type Report } from '../../bench/bench.ts'
import { drawFacts } from '../../bench/facts.ts'
import { readOptions, usage } from '../../bench/options.ts'
import { drawTable, type Table } from '../../bench/tables.ts'
import { Plain } from '../launch/plain.ts'
import { Asked, listenForEnd } from '../stack/end.ts'
import { shown } from '../stack/place.ts'

/** `npm run bench`: measures this system beside others, on this machine, in one run. */
export async function run(args: string[]): Promise<number> {
  const options = understood(args)
  if (!options) return 2
  if (options === 'help') {
    console.log(usage)
    return 0
  }
  using end = listenForEnd()
  try {
    const report = await bench(options, (line) => console.error(line), end.signal)
    console.log(options.json ? JSON.stringify(report, null, 2) : drawReport(report, reportFileOf(options)))
    const missed = report.marks.filter((mark) => !mark.met)
    return report.failures.length > 0 || (options.strict && missed.length > 0) ? 1 : 0
  } catch (error) {
    throw error instanceof Asked ? new Plain(`ended by ${error.message}; nothing was written`) : error
  }
}

/** What is typed wrongly is told as everywhere, and returned as nothing. */
function understood(args: string[]): ReturnType<typeof readOptions> | undefined {
  try {
    return readOptions(args)
  } catch (error) {
    if (!(error instanceof Plain)) throw error
    console.error(error.message)
    return undefined
  }
}

function drawReport({ tables, marks, facts, quick, failures }: Report, file: string): string {
  const drawn = [...tables, ...(marks.length > 0 ? [tableOfMarks(marks)] : [])].map(drawTable)
  const warning = quick ? ['These are quick numbers, for trying the bench; they say little about speed.'] : []
  const failed = failures.map(({ part, error }) => `Part ${part} FAILED: ${error}`)
  return ['', ...drawn, drawFacts(facts), ...failed, ...warning, `Written to ${shown(file)}.`].join('\n\n')
}

function tableOfMarks(marks: Report['marks']): Table {
  return {
    title: 'Marks',
    columns: ['', 'found', 'wanted', ''],
    rows: marks.map(({ name, found, wanted, met }) => [name, found, wanted, met ? 'met' : 'MISSED']),
  }
}
