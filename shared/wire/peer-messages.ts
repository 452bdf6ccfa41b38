import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  FetchContentsRequest as WireFetchContentsRequest, FetchContentsRequestSchema, FetchContentsResponse as WireFetchContentsResponse, FetchContentsResponseSchema,
  FetchRowsRequest as WireFetchRowsRequest, FetchRowsRequestSchema, FetchRowsResponse as WireFetchRowsResponse, FetchRowsResponseSchema,
  PeerServicePullRequest, PeerServicePullRequestSchema, PeerServicePullResponse, PeerServicePullResponseSchema,
  PushRequest as WirePushRequest, PushRequestSchema, PushResponse, PushResponseSchema, Repair,
} from '../../proto/gen/novaedge/federation/v1/peer_service_pb.ts';
import type { Hash } from '../model/ids.ts';
import { KEY_HASH_BYTES } from '../model/merkle.ts';
import type { Compacted, FetchContentsRequest, FetchContentsResponse, FetchRowsRequest, FetchRowsResponse, Page, PullRequest, PushRequest, PushResult } from '../ports/peer.ts';
import { requireManifest, sealedContent } from './content.ts';
import { DictionaryReader, DictionaryWriter } from './dictionary.ts';
import { MAX_ENTRIES } from './limits.ts';
import { hashBytes, optionalKey, requireHash, requireKey, requireMember } from './names.ts';
import { readCompacted, readPage, writeCompacted, writePage } from './pages.ts';
import { readAnswers, writeAnswers } from './rows.ts';
import { cleanText, requireList, requireNumber, requireText } from './values.ts';
import { WireError } from './wire-error.ts';

export function writePullRequest({ since, limit, maxAgeMs }: PullRequest): MessageInitShape<typeof PeerServicePullRequestSchema> {
  const dictionary = new DictionaryWriter();
  return { since: dictionary.vector(since), limit, dictionary: dictionary.finish(), ...(maxAgeMs !== undefined && { maxAgeMs }) };
}

/** @throws WireError */
export function readPullRequest(message: PeerServicePullRequest): PullRequest {
  const dictionary = new DictionaryReader('dictionary', message.dictionary);
  return { since: dictionary.vector('since', message.since), limit: requireNumber('limit', message.limit, { min: 1, max: MAX_ENTRIES }), ...(message.maxAgeMs !== undefined && { maxAgeMs: message.maxAgeMs }) };
}

export const writePullResponse = (response: Page | Compacted): MessageInitShape<typeof PeerServicePullResponseSchema> =>
  ({ result: response.kind === 'page' ? { case: 'page', value: writePage(response) } : { case: 'compacted', value: writeCompacted(response) } });

/** @throws WireError */
export function readPullResponse({ result }: PeerServicePullResponse): Page | Compacted {
  switch (result.case) {
    case 'page': return readPage('page', result.value);
    case 'compacted': return readCompacted('compacted', result.value);
    case undefined: throw new WireError('result', 'is missing', 'a page, or that the log was compacted');
  }
}

export function writePushRequest(request: PushRequest): MessageInitShape<typeof PushRequestSchema> {
  if (request.kind === 'page') return { rows: { case: 'page', value: writePage(request.page) } };
  const dictionary = new DictionaryWriter();
  const answers = writeAnswers(dictionary, request.answers);
  return { rows: { case: 'repair', value: { from: request.from, answers, dictionary: dictionary.finish() } } };
}

/** @throws WireError */
export function readPushRequest({ rows }: WirePushRequest): PushRequest {
  switch (rows.case) {
    case 'page': return { kind: 'page', page: readPage('page', rows.value) };
    case 'repair': return readRepair(rows.value);
    case undefined: throw new WireError('rows', 'is missing', 'a page or a repair');
  }
}

function readRepair({ dictionary: sent, from, answers }: Repair): PushRequest {
  const dictionary = new DictionaryReader('repair.dictionary', sent);
  return { kind: 'repair', from: requireMember('repair.from', from), answers: readAnswers(dictionary, 'repair.answers', answers) };
}

export function writePushResult(result: PushResult): MessageInitShape<typeof PushResponseSchema> {
  if (result.kind === 'deferred') return { result: { case: 'deferred', value: { reason: cleanText(result.reason) } } };
  const dictionary = new DictionaryWriter();
  const seen = dictionary.vector(result.seen);
  return { dictionary: dictionary.finish(), result: { case: result.kind, value: { seen } } };
}

/** @throws WireError */
export function readPushResult({ dictionary: sent, result }: PushResponse): PushResult {
  const dictionary = new DictionaryReader('dictionary', sent);
  switch (result.case) {
    case 'applied':
    case 'gap': return { kind: result.case, seen: dictionary.vector(`${result.case}.seen`, result.value.seen) };
    case 'deferred': return { kind: 'deferred', reason: requireText('deferred.reason', result.value.reason) };
    case undefined: throw new WireError('result', 'is missing', 'applied, gap or deferred');
  }
}

export const writeFetchRowsRequest = ({ keys, keyHashes, unindexed }: FetchRowsRequest): MessageInitShape<typeof FetchRowsRequestSchema> => ({
  keys: [...keys],
  keyHashes: keyHashes.map((hash) => Buffer.from(hash, 'hex')),
  ...(unindexed !== undefined && { unindexed: unindexed.after === undefined ? {} : { after: unindexed.after } }),
});

/** @throws WireError */
export const readFetchRowsRequest = ({ keys, keyHashes, unindexed }: WireFetchRowsRequest): FetchRowsRequest => ({
  keys: requireList('keys', keys, MAX_ENTRIES).map((key, at) => requireKey(`keys[${at.toString()}]`, key)),
  keyHashes: requireList('key_hashes', keyHashes, MAX_ENTRIES).map((bytes, at) => {
    if (bytes.length !== KEY_HASH_BYTES) throw new WireError(`key_hashes[${at.toString()}]`, `has ${bytes.length.toString()} bytes`, `${KEY_HASH_BYTES.toString()} bytes`);
    return Buffer.from(bytes).toString('hex');
  }),
  unindexed: unindexed === undefined ? undefined : { after: optionalKey('unindexed.after', unindexed.after) },
});

export function writeFetchRowsResponse({ answers, rest }: FetchRowsResponse): MessageInitShape<typeof FetchRowsResponseSchema> {
  const dictionary = new DictionaryWriter();
  const written = writeAnswers(dictionary, answers);
  return { answers: written, rest: [...rest], dictionary: dictionary.finish() };
}

/** @throws WireError */
export function readFetchRowsResponse(message: WireFetchRowsResponse): FetchRowsResponse {
  const dictionary = new DictionaryReader('dictionary', message.dictionary);
  return {
    answers: readAnswers(dictionary, 'answers', message.answers),
    rest: requireList('rest', message.rest, MAX_ENTRIES).map((key, at) => requireKey(`rest[${at.toString()}]`, key)),
  };
}

export const writeFetchContentsRequest = ({ wanted }: FetchContentsRequest): MessageInitShape<typeof FetchContentsRequestSchema> =>
  ({ wanted: wanted.map(({ key, hash }) => ({ key, sha256: hashBytes(hash) })) });

/** @throws WireError */
export const readFetchContentsRequest = ({ wanted }: WireFetchContentsRequest): FetchContentsRequest => ({
  wanted: requireList('wanted', wanted, MAX_ENTRIES).map(({ key, sha256 }, at) => ({
    key: requireKey(`wanted[${at.toString()}].key`, key),
    hash: requireHash(`wanted[${at.toString()}].sha256`, sha256),
  })),
});

export const writeFetchContentsResponse = ({ contents }: FetchContentsResponse): MessageInitShape<typeof FetchContentsResponseSchema> =>
  ({ contents: [...contents].map(([hash, text]) => sealedContent(text, hash)) });

/** @throws WireError */
export function readFetchContentsResponse({ contents }: WireFetchContentsResponse): FetchContentsResponse {
  const received = requireList('contents', contents, MAX_ENTRIES).map(({ content, sha256 }, at) => requireManifest(`contents[${at.toString()}]`, content, sha256));
  return { contents: new Map<Hash, string>(received.map(({ hash, text }) => [hash, text])) };
}
