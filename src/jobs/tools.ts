import type { Config } from '../shared/config.ts'
import type { Tools } from './define.ts'

export function openTools(_config: Config): { tools: Pick<Tools, 'collections' | 'authDb'>; close(): Promise<void> } {
  return { tools: { collections: undefined as never, authDb: undefined }, close: async () => undefined }
}
