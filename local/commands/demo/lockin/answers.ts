/** What the API answers, as far as it is shown. Times are ISO 8601, in UTC. */

export interface Profile {
  id: string
  display_name: string | null
  avatar_url: string | null
}

export interface Group {
  id: string
  name: string
  end_at: string
  timezone: string
  status: string
}

export interface Session {
  id: string
  status: string
  started_at: string | null
  ended_at: string | null
}

export interface Log {
  id: string
  started_at: string
  ended_at: string
}

/** How far one member is in the current period. */
export interface Standing {
  user_id: string
  seconds_done: number
  target_minutes: number
  goal_met: boolean
  period_start: string
  period_end: string
}

export interface Notification {
  id: string
  kind: string
  status: string
  title: string
  body: string | null
  group_id: string | null
  created_at: string
}

/** A 409 says which one it is. */
export interface Refusal {
  code: string
  detail: string
}

export interface AvatarPlace {
  avatar_url: string
  upload: { url: string; fields: Record<string, string> }
}
