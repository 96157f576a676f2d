import { isOutage } from '../shared/database.ts'

/**
 * Group commit: what arrives while the last batch is under way forms the next one. An idle caller waits for nothing; a
 * lane beside others begins with a batch as large as theirs, since many small ones cost more than they gain.
 * A batch that fails is retried one by one, so that one bad item fails alone; one whose connection broke is tried
 * once more as a whole. `work` must therefore bear being repeated.
 */
export function batched<Item, Result>(
  work: (items: Item[]) => Promise<Result[]>,
  options: { lanes: number; size: number },
): (item: Item) => Promise<Result> {
  let waiting: Waiting<Item, Result>[] = []
  let running = 0
  let underWay = 0
  let scheduled = false

  const pump = (): void => {
    scheduled = false
    while (running < options.lanes && isWorthALane(waiting.length)) {
      const batch = waiting.splice(0, options.size)
      running += 1
      underWay += batch.length
      void settle(batch).finally(() => {
        running -= 1
        underWay -= batch.length
        if (waiting.length > 0) pump()
      })
    }
  }

  const isWorthALane = (items: number): boolean =>
    items > 0 && (running === 0 || items >= Math.min(underWay / running, options.size))

  const settle = async (batch: Waiting<Item, Result>[], retried = false): Promise<void> => {
    try {
      const results = await work(batch.map((each) => each.item))
      for (const [index, each] of batch.entries()) each.resolve(results[index] as Result)
    } catch (error) {
      if (isOutage(error)) {
        if (!retried) return settle(batch, true)
        for (const each of batch) each.reject(error)
      } else if (batch.length === 1) batch[0]?.reject(error)
      else for (const each of batch) await settle([each])
    }
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      if (scheduled || running >= options.lanes) return
      scheduled = true
      // One turn of the event loop, so that what came in together goes out together.
      setImmediate(pump)
    })
}

interface Waiting<Item, Result> {
  item: Item
  resolve: (result: Result) => void
  reject: (error: unknown) => void
}
