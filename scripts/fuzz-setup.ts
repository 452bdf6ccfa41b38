import fc from 'fast-check';

// Loaded by vitest.config.ts only for `npm run fuzz`. Properties that set numRuns themselves keep it.
fc.configureGlobal({ numRuns: Number(process.env.NOVAEDGE_FUZZ_RUNS) });
