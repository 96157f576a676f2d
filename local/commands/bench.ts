import { bench } from '../../bench/bench.ts'
import { readOptions, usage } from '../../bench/options.ts'
import { aborted, listenForEnd } from '../stack/end.ts'

/** `npm run bench`: measures this system beside others, on this machine, in one run. */
export async function run(args: string[]): Promise<number> {
  const options = readOptions(args)
  if (options === 'help') {
    console.log(usage)
    return 0
  }
  using end = listenForEnd()
  await bench(options, (line) => console.error(line))
  void aborted
  void end
  return 0
}
