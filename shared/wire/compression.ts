import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { Code, ConnectError } from '@connectrpc/connect';
import { compressionBrotli, compressionGzip } from '@connectrpc/connect-node';
import type { Compression } from '@connectrpc/connect/protocol';

/** The library takes brotli's highest, 11, which needs seconds for a megabyte; at 4 it is as fast as gzip and still smaller. */
const BROTLI_QUALITY = 4;

const brotli: Compression = {
  ...compressionBrotli,
  compress: async (bytes) => Uint8Array.from(await promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } })),
};

/**
 * What comes out of `decompress` is bounded by what a message may be: a bomb stops growing there. What cannot be decompressed is
 * the sender's fault; the library would call some of it internal.
 */
const bounded = (compression: Compression): Compression => ({
  ...compression,
  decompress: (bytes, readMaxBytes) => compression.decompress(bytes, readMaxBytes).catch((error: unknown) => {
    if (error instanceof ConnectError && error.code === Code.ResourceExhausted) throw error;
    throw new ConnectError(`the body is not ${compression.name}`, Code.InvalidArgument, undefined, undefined, error);
  }),
});

/** Compression of messages, both ways; the first is what our clients prefer. */
export const GZIP = bounded(compressionGzip);
export const COMPRESSIONS: readonly Compression[] = [GZIP, bounded(brotli)];
/** Messages shorter than this are not worth compressing: they fit into one packet. */
export const COMPRESS_MIN_BYTES = 1024;
