import { mayManage } from './permissions.ts'
import { Refused } from './refused.ts'
import type { PreworkStore } from './store.ts'
import { findUser } from './items.ts'

/**
 * Whoever is named as somebody's manager is there, is active, and may lead a team. Should that change, they are named
 * still, and see nothing by it.
 * @throws Refused not-a-manager
 */
export async function wantManager(
  store: PreworkStore,
  managerId: string | null | undefined,
  userId: string,
): Promise<void> {
  if (managerId === undefined || managerId === null) return
  const manager = managerId === userId ? undefined : await findUser(store, managerId)
  if (!manager?.isActive || !mayManage(manager.role)) throw new Refused('not-a-manager', 'managerId')
}
