import { Plain } from '../../../launch/plain.ts'

const HOUR = 3_600_000

/** One zone for every full hour there is, none of which has a summer time. */
const zones = `
  Pacific/Pago_Pago Pacific/Honolulu Pacific/Gambier Pacific/Pitcairn America/Phoenix
  America/Costa_Rica America/Bogota America/Puerto_Rico America/Sao_Paulo America/Noronha
  Atlantic/Cape_Verde Africa/Abidjan Africa/Lagos Africa/Maputo Africa/Nairobi Asia/Dubai
  Asia/Karachi Asia/Dhaka Asia/Bangkok Asia/Singapore Asia/Tokyo Australia/Brisbane
  Pacific/Guadalcanal Pacific/Tarawa
`

export interface Night {
  zone: string
  /** When it was midnight there, more than one hour ago and less than two. */
  midnight: Date
}

/** A zone where the night is an hour old, and some minutes. */
export function findNight(now = new Date()): Night {
  for (const zone of zones.trim().split(/\s+/)) {
    const [hour = '', minute = '', second = ''] = clockIn(zone, now, { second: '2-digit' }).split(':')
    if (hour !== '01') continue
    const since = HOUR + Number(minute) * 60_000 + Number(second) * 1000 + now.getMilliseconds()
    return { zone, midnight: new Date(now.getTime() - since) }
  }
  throw new Plain('there is no zone of the list in which it is past one in the morning')
}

/** What a clock there shows, such as `Fri 20:45`. */
export const dayAndClockIn = (zone: string, instant: Date | string): string =>
  clockIn(zone, new Date(instant), { weekday: 'short' }).replace(',', '')

export function clockIn(zone: string, instant: Date, more: Intl.DateTimeFormatOptions = {}): string {
  const shape = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: zone, ...more } as const
  return new Intl.DateTimeFormat('en-GB', shape).format(instant)
}

/** `1:02:03`. */
export function duration(seconds: number): string {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return [hours, ...[minutes, rest].map((part) => String(part).padStart(2, '0'))].join(':')
}
