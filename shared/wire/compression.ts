import { promisify } from 'node:util';
import type { InputType } from 'node:zlib';
import { brotliCompress, brotliDecompress, constants, gunzip, gzip } from 'node:zlib';
import { CallError } from './call-error.ts';

/** Brotli's highest, 11, is its default and needs seconds for a megabyte; at 4 it is as fast as gzip and still smaller. */
const BROTLI_QUALITY = 4;

/** One way to compress, by its name in HTTP. */
export interface Compression {
  readonly name: string;
  compress(bytes: Uint8Array): Promise<Uint8Array>;
  /**
   * What comes out is bounded by `maxBytes`: a bomb stops growing there.
   *
   * @throws CallError resource_exhausted beyond that, invalid_argument for what cannot be decompressed: it is the sender's fault
   */
  decompress(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array>;
}

type Decompress = (bytes: InputType, options: { readonly maxOutputLength: number }) => Promise<Uint8Array>;

async function bounded(name: string, decompress: Decompress, bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  if (bytes.length === 0) return bytes;
  try {
    return await decompress(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') throw new CallError('resource_exhausted', `more than ${maxBytes.toString()} bytes after decompression`, { cause: error });
    throw new CallError('invalid_argument', `the body is not ${name}`, { cause: error });
  }
}

export const GZIP: Compression = {
  name: 'gzip',
  compress: promisify(gzip),
  decompress: (bytes, maxBytes) => bounded('gzip', promisify(gunzip), bytes, maxBytes),
};

const BROTLI: Compression = {
  name: 'br',
  compress: (bytes) => promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }),
  decompress: (bytes, maxBytes) => bounded('br', promisify(brotliDecompress), bytes, maxBytes),
};

/** Compression of messages, both ways; the first is what our clients prefer. */
export const COMPRESSIONS: readonly Compression[] = [GZIP, BROTLI];
/**
 * Messages shorter than this are not worth compressing: a new connection already sends as much at once (ten packets, RFC 6928), and a
 * compression is four trips to other threads and back, a quarter of the time that an edit takes from cluster to cluster.
 */
export const COMPRESS_MIN_BYTES = 8 * 1024;
