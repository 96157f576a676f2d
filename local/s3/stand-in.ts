import type { Notifications } from './notifications.ts'
import type { Trust } from './signing.ts'
import type { Store } from './store.ts'

/** What every operation works with. */
export interface StandIn extends Trust {
  store: Store
  notifications: Notifications
}
