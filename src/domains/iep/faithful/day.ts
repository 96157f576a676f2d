/** A day, or as much of it as is written: `March 2026` has no day, `12 de marzo` no year. */
export interface Day {
  year?: number
  month?: number
  day?: number
}

/** Dates that begin at a token, two for a range; of each, all the days it may mean. */
export interface Dates {
  days: Day[][]
  length: number
}

/** Whether digits are a year of our time. */
export function isYear(text: string | undefined): boolean {
  return text !== undefined && /^(?:19|20)\d\d$/.test(text)
}
