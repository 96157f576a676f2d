import path from 'node:path'
import { configDefaults, defineConfig } from 'vitest/config'

/** Tests of processes, of what a process has only one of, and of the local stack: a process of its own for each file. */
const alone = ['faults', 'workers', 'local', 'deploy', 'shared', 'ingress/events'].map(
  (folder) => `test/${folder}/**/*.test.ts`,
)

export default defineConfig({
  test: {
    globalSetup: ['test/support/stores.ts'],
    projects: [
      { extends: true, test: { name: 'alone', include: alone } },
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...alone],
          // File after file in the same process: loading the product takes longer than many a file's tests.
          isolate: false,
        },
      },
    ],
    // Real stores and real processes: patience is for slow machines, no test asserts a time.
    testTimeout: 120_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
    maxWorkers: 2,
    // Tests that run beside others in their file mostly wait: for a lease to lapse, for a look that comes once a second.
    maxConcurrency: 4,
    pool: 'forks',
    sequence: { hooks: 'list' },
    env: { NODE_COMPILE_CACHE: path.resolve('.local/compile-cache') },
  },
})
