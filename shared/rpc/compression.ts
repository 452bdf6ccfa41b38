import type { Compression } from '@connectrpc/connect/protocol';
import { Code, ConnectError } from '@connectrpc/connect';
import { compressionBrotli, compressionGzip } from '@connectrpc/connect-node';

/**
 * Compression both ways, with what comes out bounded by what a message may be: a bomb stops growing there. What cannot be
 * decompressed is the sender's fault; the library would call some of it internal.
 */
export const COMPRESSIONS: readonly Compression[] = [compressionGzip, compressionBrotli].map((compression) => ({
  ...compression,
  decompress: (bytes, readMaxBytes) => compression.decompress(bytes, readMaxBytes).catch((error: unknown) => {
    if (error instanceof ConnectError && error.code === Code.ResourceExhausted) throw error;
    throw new ConnectError(`the body is not ${compression.name}`, Code.InvalidArgument, undefined, undefined, error);
  }),
}));
