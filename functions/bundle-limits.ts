/** Kilobytes are a thousand bytes here, as in what is measured. */
const KB = 1000;

/** What a bundle may weigh, minified: a cold start is paid by whoever waits for it (docs/decisions/0012-small-aws-client.md has the figures). */
export const MAX_BUNDLE_BYTES = 200 * KB;

/** What no bundle may hold: what is heavy and has a lighter way. */
export const KEPT_OUT: readonly string[] = ['@aws-sdk/', '@smithy/', '@connectrpc/', '@bufbuild/', 'zod', 'pino', 'hono', 'yaml', '@peculiar/x509', 'reflect-metadata', 'commander'];
