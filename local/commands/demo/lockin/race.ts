import type { Standing } from './answers.ts'
import { duration } from './clocks.ts'

/** Draws how far everybody is on the way to their own target, whoever is furthest first. */
export function drawRace(race: Standing[], nameOf: (userId: string) => string, width = 30): string[] {
  const names = Math.max(...race.map(({ user_id: id }) => nameOf(id).length))
  return [...race]
    .sort((one, other) => other.seconds_done - one.seconds_done)
    .map(({ user_id: id, seconds_done: done, target_minutes: target, goal_met: met }) => {
      const share = Math.min(done / (target * 60), 1)
      // A bar is full only when the target is met.
      const filled = met ? width : Math.min(Math.round(share * width), width - 1)
      const bar = '█'.repeat(filled).padEnd(width, '░')
      return `${nameOf(id).padEnd(names)}  ${bar}  ${duration(done)} of ${duration(target * 60)}${met ? '  ✓' : ''}`
    })
}
