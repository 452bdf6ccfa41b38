import type { FunctionName } from './catalog.ts';

/** Kilobytes are a thousand bytes here, as in what is measured. */
const KB = 1000;

/**
 * What a bundle may weigh, minified (docs/decisions/0012-small-aws-client.md has the figures behind). The goal was 200 KB for all:
 * the two that call nobody are far below; the rest carry Connect and Protobuf, 116 to 131 KB, and the replica.
 */
export const MAX_BUNDLE_BYTES: Readonly<Record<FunctionName, number>> = {
  'peer-api': 310 * KB,
  // All of the region's work: bridge, operators with holds and dead letters, and their messages.
  'cluster-api': 420 * KB,
  'bridge-pull': 265 * KB,
  'agent-api': 225 * KB,
  sync: 285 * KB,
  'anti-entropy': 280 * KB,
  health: 265 * KB,
  'garbage-collect': 110 * KB,
  tick: 90 * KB,
  push: 250 * KB,
  doorbell: 280 * KB,
};

/** What no bundle may hold: what is heavy and has a lighter way. */
export const KEPT_OUT: readonly string[] = ['@aws-sdk/', '@smithy/', 'zod', 'pino', 'hono', 'yaml', '@peculiar/x509', 'reflect-metadata', 'commander'];
