import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'src/**/*.test.tsx', 'test/**/*.test.ts'],
          // A property on a busy machine takes its time; nothing waits for this long unless it hangs.
          testTimeout: 60_000,
          exclude: ['**/*.integration.test.ts', '**/*.oracle.test.ts', '**/node_modules/**'],
        },
      },
      {
        test: {
          name: 'integration',
          include: ['src/**/*.integration.test.ts', 'scenarios/**/*.integration.test.ts'],
          globalSetup: ['src/engine/testing/integration-setup.ts'],
          // Real servers share the cores: two files at a time, because each waits for a part of its time, and time enough for a cold start.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          pool: 'forks',
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'oracle',
          include: ['src/**/*.oracle.test.ts'],
          globalSetup: ['src/engine/testing/integration-setup.ts'],
          // Nothing in them hangs on time, so two files share the cores, when nothing else runs.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          pool: 'forks',
          testTimeout: 600_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
