import { defineConfig } from 'vitest/config';

// Set by `npm run fuzz` alone.
const fuzzing = process.env.NOVAEDGE_FUZZ_RUNS !== undefined;

// Bridges and folders in real time, watchers and kill -9 among it: too slow for the inner loop.
const realTime = ['cluster/bridge/bridge.test.ts', ...['folder', 'directory-cluster', 'crash', 'chaos', 'flow'].map((name) => `cluster/directory/${name}.test.ts`)];

/**
 * The suites. `npm run check` runs unit and house; `npm test` runs all of them.
 * Unit tests sit beside what they test and reach no network beyond loopback.
 */
const suites = {
  unit: {
    // Two processes for all files instead of one for each, which was half of the time: a test leaves nothing behind in a module.
    isolate: false,
    exclude: realTime,
    include: ['shared', 'functions', 'cluster', 'cli', 'local', 'scripts'].map((folder) => `${folder}/**/*.test.ts`),
    testTimeout: fuzzing ? 600_000 : 10_000,
    setupFiles: fuzzing ? ['scripts/fuzz-setup.ts'] : [],
  },
  cluster: { include: realTime, testTimeout: 60_000 },
  // Reading the CDK takes seconds and so does a synthesis: files share both. A stack trace for each construct is a quarter of it.
  infra: { isolate: false, env: { CDK_DISABLE_STACK_TRACE: '1' }, include: ['infra/**/*.test.ts'], testTimeout: 60_000 },
  house: { include: ['test/house/**/*.test.ts'], testTimeout: 30_000 },
  acceptance: { include: ['test/acceptance/**/*.test.ts'], testTimeout: 60_000 },
  rpc: { include: ['test/rpc/**/*.test.ts'], testTimeout: 60_000 },
  simulation: { include: ['test/simulation/**/*.test.ts'], testTimeout: 120_000 },
  // Emulated regions, real processes: one file at a time.
  aws: { include: ['test/aws/**/*.test.ts'], testTimeout: 400_000, fileParallelism: false },
  // Real processes and real ports: one file at a time.
  e2e: { include: ['test/e2e/**/*.test.ts'], testTimeout: 180_000, fileParallelism: false },
  // Real API servers, 300 MB each: one file at a time. Builds them first where they are not.
  kubernetes: { include: ['test/kubernetes/**/*.test.ts'], globalSetup: ['test/kubernetes/build-programs.ts'], testTimeout: 120_000, fileParallelism: false },
};

export default defineConfig({
  test: {
    // Processes, and but for unit tests one per file: node:sqlite is synchronous and programs under test read process-wide state.
    pool: 'forks',
    // Two, so that a laptop and a two-core runner behave alike.
    maxWorkers: 2,
    projects: Object.entries(suites).map(([name, { testTimeout, ...suite }]) => ({
      test: { name, environment: 'node', pool: 'forks', testTimeout, hookTimeout: testTimeout, ...suite },
    })),
  },
});
