import type { DescMessage, MessageInitShape } from '@bufbuild/protobuf';
import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { CommitRequestSchema, CommitResponseSchema, BridgeServicePullRequestSchema, ReportAppliedRequestSchema } from '../../proto/gen/novaedge/federation/v1/bridge_service_pb.ts';
import type { PageSchema } from '../../proto/gen/novaedge/federation/v1/log_pb.ts';
import { ClockState, HeartbeatSchema } from '../../proto/gen/novaedge/federation/v1/member_pb.ts';
import { CompareDigestsRequestSchema, CompareDigestsResponseSchema, FetchContentsResponseSchema, FetchRowsRequestSchema, PeerServicePullRequestSchema, PeerServicePullResponseSchema, PushRequestSchema } from '../../proto/gen/novaedge/federation/v1/peer_service_pb.ts';
import { canonicalContent, hashText } from '../model/content.ts';
import { MAX_MANIFEST_BYTES } from '../replica/contents.ts';
import { readCommitRequest, readCommitResponse } from './bridge-commit.ts';
import { readBridgePullRequest, readReportAppliedRequest } from './bridge-pull.ts';
import { readCompareRequest, readCompareResponse } from './compare-messages.ts';
import { readHeartbeat } from './heartbeat.ts';
import { MAX_CONTENT_BYTES, MAX_CONTENT_DEPTH, MAX_STAMP_COUNTER, MAX_TIME_MS } from './limits.ts';
import { sealedContent } from './content.ts';
import { hashBytes } from './names.ts';
import { readFetchContentsResponse, readFetchRowsRequest, readPullRequest, readPullResponse, readPushRequest } from './peer-messages.ts';
import { WireError } from './wire-error.ts';

const KEY = 'novaedge.io/ProxyRoute/default/api';
const CONTENT = canonicalContent({ kind: 'ProxyRoute' });
const SAFE = BigInt(Number.MAX_SAFE_INTEGER);
const dot = { log: 0, counter: 3n };
const stamp = { ms: 1n, counter: 0n, member: 0 };
const live = { sha256: hashBytes(CONTENT.hash), size: BigInt(CONTENT.bytes), content: Buffer.from(CONTENT.text), fields: { base: { dot, stamp }, by: [] } };
const sibling = { dot, stamp, writerContext: 0, covers: [], origin: 'operator', body: { case: 'live' as const, value: live } };
const row = { context: 1, siblings: [sibling] };
const answer = { key: 0, answer: { case: 'row' as const, value: row } };
const segment = { log: 0, first: 1n, last: 3n, counters: [3n], keys: [0], committedAtMs: 1n };
const dictionary = { logs: ['iaaaaaaaaaa', 'llocallog'], members: ['eu-west'], keys: [KEY], vectors: [{ logs: [], counters: [] }, { logs: [0], counters: [3n] }] };
const page = { dictionary, from: 'eu-west', since: 0, upTo: 1, segments: [segment], answers: [answer] };

/** Reads a message and answers with the error that it met. */
function refusal<Desc extends DescMessage>(schema: Desc, message: MessageInitShape<Desc>, read: (message: never) => unknown): { readonly field: string; readonly message: string } | undefined {
  try {
    read(create(schema, message) as never);
    return undefined;
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
}

const pageRefusal = (change: MessageInitShape<typeof PageSchema>): ReturnType<typeof refusal> =>
  refusal(PeerServicePullResponseSchema, { result: { case: 'page', value: { ...page, ...change } as MessageInitShape<typeof PageSchema> } }, readPullResponse);
const withSibling = (change: object): MessageInitShape<typeof PageSchema> => ({ answers: [{ key: 0, answer: { case: 'row', value: { context: 1, siblings: [{ ...sibling, ...change }] } } }] });
const withLive = (change: object): MessageInitShape<typeof PageSchema> => withSibling({ body: { case: 'live', value: { ...live, ...change } } });
const withContent = (text: string | Buffer, size = Buffer.byteLength(text)): MessageInitShape<typeof PageSchema> =>
  withLive({ content: Buffer.from(text as string), sha256: hashBytes(hashText(text as string)), size: BigInt(size) });

test('the page that all of these are changes of is accepted', () => {
  expect(pageRefusal({})).toBeUndefined();
});

describe('a page is refused, by the field, when', () => {
  test.each<readonly [string, MessageInitShape<typeof PageSchema>, string, RegExp]>([
    ['its sender has no name', { from: '' }, 'page.from', /a member's name/],
    ['its sender\'s name is a path', { from: '../x' }, 'page.from', /"\.\.\/x" is not accepted/],
    ['a log has no log\'s name', { dictionary: { ...dictionary, logs: ['x'] } }, 'page.dictionary.logs[0]', /a log's name/],
    ['a log is named twice', { dictionary: { ...dictionary, logs: ['iaaaaaaaaaa', 'iaaaaaaaaaa'] } }, 'page.dictionary.logs', /each name once/],
    ['a member has no member\'s name', { dictionary: { ...dictionary, members: ['A'] } }, 'page.dictionary.members[0]', /lower-case/],
    ['a key has too few parts', { dictionary: { ...dictionary, keys: ['a/b'] } }, 'page.dictionary.keys[0]', /group\/kind\/namespace\/name/],
    ['a key goes up', { dictionary: { ...dictionary, keys: ['novaedge.io/ProxyRoute/../etc'] } }, 'page.dictionary.keys[0]', /namespace "\.\."/],
    ['a kind is no kind', { dictionary: { ...dictionary, keys: ['novaedge.io/proxyroute/default/api'] } }, 'page.dictionary.keys[0]', /kind "proxyroute"/],
    ['a name has NUL in it', { dictionary: { ...dictionary, keys: ['novaedge.io/ProxyRoute/default/a\u0000'] } }, 'page.dictionary.keys[0]', /name "a\\u0000"/],
    ['a vector\'s lists differ in length', { dictionary: { ...dictionary, vectors: [{ logs: [0], counters: [] }] } }, 'page.dictionary.vectors[0].counters', /one for each of the 1 logs/],
    ['a vector names a log twice', { dictionary: { ...dictionary, vectors: [{ logs: [0, 0], counters: [1n, 2n] }] } }, 'page.dictionary.vectors[0].logs', /each log once/],
    ['a vector\'s counter is zero', { dictionary: { ...dictionary, vectors: [{ logs: [0], counters: [0n] }] } }, 'page.dictionary.vectors[0].counters', /0 is out of range; accepted is a whole number from 1/],
    ['a counter is beyond what a number holds', { dictionary: { ...dictionary, vectors: [{ logs: [0], counters: [SAFE + 1n] }] } }, 'page.dictionary.vectors[0].counters', /9007199254740992 is out of range/],
    ['an index is beyond the dictionary', { upTo: 7 }, 'page.up_to', /index 7 is beyond the dictionary; accepted is an index below 2/],
    ['a vector points beyond the logs', { dictionary: { ...dictionary, vectors: [{ logs: [5], counters: [1n] }] } }, 'page.dictionary.vectors[0].logs', /index 5/],
    ['a segment ends before it begins', { segments: [{ ...segment, first: 4n }] }, 'page.segments[0].last', /from 4/],
    ['a segment begins at nothing', { segments: [{ ...segment, first: 0n }] }, 'page.segments[0].first', /0 is out of range/],
    ['an entry is outside its segment', { segments: [{ ...segment, counters: [9n] }] }, 'page.segments[0].counters[0]', /from 1 to 3/],
    ['entries do not rise', { segments: [{ ...segment, counters: [2n, 2n], keys: [0, 0] }] }, 'page.segments[0].counters[1]', /from 3/],
    ['an entry has no key', { segments: [{ ...segment, keys: [] }] }, 'page.segments[0].keys', /one for each of the 1 counters/],
    ['an entry has no answer', { answers: [] }, 'page.segments[0].keys[0]', /has no answer in the page/],
    ['a time is beyond all calendars', { segments: [{ ...segment, committedAtMs: BigInt(MAX_TIME_MS) + 1n }] }, 'page.segments[0].committed_at_ms', /out of range/],
    ['an answer says nothing', { answers: [{ key: 0 }] }, 'page.answers[0].answer', /is missing/],
    ['a dot is of a region\'s own log', withSibling({ dot: { log: 1, counter: 3n } }), 'page.answers[0].row.siblings[0].dot.log', /an incarnation/],
    ['a dot is missing', withSibling({ dot: undefined }), 'page.answers[0].row.siblings[0].dot', /is missing/],
    ['a dot is not in its row\'s context', withSibling({ dot: { log: 0, counter: 4n } }), 'page.answers[0].row.siblings[0].dot', /not in the row's context/],
    ['a dot stands twice', { answers: [{ key: 0, answer: { case: 'row', value: { context: 1, siblings: [sibling, sibling] } } }] }, 'page.answers[0].row.siblings', /each dot once/],
    ['a stamp has no successor', withSibling({ stamp: { ...stamp, counter: BigInt(MAX_STAMP_COUNTER) + 1n } }), 'page.answers[0].row.siblings[0].stamp.counter', /out of range/],
    ['an origin is no cluster', withSibling({ origin: 'a b' }), 'page.answers[0].row.siblings[0].origin', /a cluster id/],
    ['a version says nothing', withSibling({ body: { case: undefined } }), 'page.answers[0].row.siblings[0].body', /deleted or live/],
    ['a hash is short', withLive({ sha256: Buffer.alloc(31) }), 'page.answers[0].row.siblings[0].live.content (sha256)', /32 bytes/],
    ['a content is not what was hashed', withLive({ content: Buffer.from('{}') }), 'page.answers[0].row.siblings[0].live.content', /does not match its sha256/],
    ['a content is longer than it says', withContent('{}', 3), 'page.answers[0].row.siblings[0].live.size', /the length of the content \(2\)/],
    ['a content is no JSON', withContent('{'), 'page.answers[0].row.siblings[0].live.content', /not a JSON object/],
    ['a content is a list', withContent('[]'), 'page.answers[0].row.siblings[0].live.content', /not a JSON object/],
    ['a content nests too deep', withContent(`{"a":${'['.repeat(MAX_CONTENT_DEPTH)}${']'.repeat(MAX_CONTENT_DEPTH)}}`), 'page.answers[0].row.siblings[0].live.content', /nested too deep/],
    ['nobody wrote its fields', withLive({ fields: undefined }), 'page.answers[0].row.siblings[0].live.fields', /is missing/],
    ['a field was written twice', withLive({ fields: { base: { dot, stamp }, by: [{ write: { dot, stamp }, set: ['a'], removed: ['a'] }] } }), 'page.answers[0].row.siblings[0].live.fields', /names a path twice/],
  ])('%s', (_when, change, field, message) => {
    expect(pageRefusal(change)).toMatchObject({ field, message: expect.stringMatching(message) });
  });

  test('a content is not UTF-8', () => {
    const bytes = Buffer.from([0x7b, 0xff, 0x7d]);
    const content = { sha256: Buffer.from('00'.repeat(32), 'hex'), content: bytes };

    expect(refusal(FetchContentsResponseSchema, { contents: [content] }, readFetchContentsResponse)).toMatchObject({ field: 'contents[0]' });
  });

  test('brackets in text are no nesting', () => {
    const deep = JSON.stringify({ a: `\\"${'['.repeat(2 * MAX_CONTENT_DEPTH)}` });

    expect(pageRefusal(withContent(deep))).toBeUndefined();
  });
});

describe('other messages are refused, by the field, when', () => {
  const clock = { member: 0, incarnation: 0, closed: [], head: 3n, hlc: stamp, tableId: 't', bridgeEpoch: 0n, state: ClockState.SERVING };
  const beat = { dictionary, federationId: 'prod', member: 'eu-west', clock, seen: 0, sentAtMs: 1n };
  const bridge = { clusterId: 'c-1', leaseEpoch: 1n };
  const observation = { key: KEY, uid: 'u', resourceVersion: '1', state: { case: 'missing' as const, value: { confirmed: true } } };

  test.each<readonly [string, () => ReturnType<typeof refusal>, string]>([
    ['a pull asks for nothing', () => refusal(PeerServicePullRequestSchema, { dictionary, since: 0, limit: 0 }, readPullRequest), 'limit'],
    ['a pull asks for everything', () => refusal(PeerServicePullRequestSchema, { dictionary, since: 0, limit: 4_000_000_000 }, readPullRequest), 'limit'],
    ['a push has no rows', () => refusal(PushRequestSchema, {}, readPushRequest), 'rows'],
    ['an answer to a pull has nothing', () => refusal(PeerServicePullResponseSchema, {}, readPullResponse), 'result'],
    ['a heartbeat has another member\'s clock', () => refusal(HeartbeatSchema, { ...beat, member: 'ap-east' }, (message) => readHeartbeat('heartbeat', message)), 'heartbeat.clock.member'],
    ['a heartbeat has no clock', () => refusal(HeartbeatSchema, { ...beat, clock: undefined }, (message) => readHeartbeat('heartbeat', message)), 'heartbeat.clock'],
    ['a clock neither serves nor recovers', () => refusal(HeartbeatSchema, { ...beat, clock: { ...clock, state: ClockState.UNSPECIFIED } }, (message) => readHeartbeat('heartbeat', message)), 'heartbeat.clock.state'],
    ['a clock is in a state nobody knows', () => refusal(HeartbeatSchema, { ...beat, clock: { ...clock, state: 9 as never } }, (message) => readHeartbeat('heartbeat', message)), 'heartbeat.clock.state'],
    ['an incarnation closed itself and goes on', () => refusal(HeartbeatSchema, { ...beat, clock: { ...clock, closed: [{ log: 0, last: 1n }] } }, (message) => readHeartbeat('heartbeat', message)), 'heartbeat.clock.closed'],
    ['a federation id is none', () => refusal(HeartbeatSchema, { ...beat, federationId: 'Prod!' }, (message) => readHeartbeat('heartbeat', message)), 'heartbeat.federation_id'],
    ['settings leave out the mode', () => refusal(HeartbeatSchema, { ...beat, asks: { strategy: 1, splitBrain: { quorumMode: 1 } } }, (message) => readHeartbeat('heartbeat', message)), 'heartbeat.asks.mode'],
    ['a summary is long', () => refusal(CompareDigestsRequestSchema, { step: { case: 'summary', value: 'x'.repeat(65) } }, readCompareRequest), 'summary'],
    ['a node is beyond its level', () => refusal(CompareDigestsRequestSchema, { step: { case: 'nodes', value: { nodes: [{ index: 16, children: Buffer.alloc(128) }] } } }, readCompareRequest), 'nodes[0].index'],
    ['a node\'s digests are short', () => refusal(CompareDigestsRequestSchema, { step: { case: 'nodes', value: { nodes: [{ index: 1, children: Buffer.alloc(127) }] } } }, readCompareRequest), 'nodes[0].children'],
    ['there are too many nodes', () => refusal(CompareDigestsRequestSchema, { step: { case: 'nodes', value: { nodes: Array.from({ length: 17 }, () => ({})) } } }, readCompareRequest), 'nodes'],
    ['there are too many buckets', () => refusal(CompareDigestsRequestSchema, { step: { case: 'buckets', value: { numbers: Array.from({ length: 1025 }, () => 0) } } }, readCompareRequest), 'buckets'],
    ['a bucket is none', () => refusal(CompareDigestsRequestSchema, { step: { case: 'buckets', value: { numbers: [4096] } } }, readCompareRequest), 'buckets[0]'],
    ['the top is short', () => refusal(CompareDigestsResponseSchema, { result: { case: 'different', value: { seen: 0, vector: 0, top: Buffer.alloc(127) } }, dictionary: { vectors: [{}] } }, readCompareResponse), 'different.top'],
    ['digests are fewer than bits', () => refusal(CompareDigestsResponseSchema, { result: { case: 'nodes', value: { nodes: [{ differing: 3, grandchildren: Buffer.alloc(128) }] } } }, readCompareResponse), 'nodes[0].grandchildren'],
    ['a seventeenth child differs', () => refusal(CompareDigestsResponseSchema, { result: { case: 'nodes', value: { nodes: [{ differing: 1 << 16, grandchildren: Buffer.alloc(128) }] } } }, readCompareResponse), 'nodes[0].differing'],
    ['a bucket\'s lists differ in length', () => refusal(CompareDigestsResponseSchema, { result: { case: 'buckets', value: { buckets: [{ keyHashes: Buffer.alloc(16), checks: Buffer.alloc(4) }] } } }, readCompareResponse), 'buckets[0].checks'],
    ['a key\'s hash is short', () => refusal(FetchRowsRequestSchema, { keyHashes: [Buffer.alloc(7)] }, readFetchRowsRequest), 'key_hashes[0]'],
    ['nobody says for which cluster', () => refusal(CommitRequestSchema, { session: 's', requestId: 'r' }, readCommitRequest), 'bridge'],
    ['a request id is empty', () => refusal(CommitRequestSchema, { bridge, session: 's', requestId: '' }, readCommitRequest), 'request_id'],
    ['a resourceVersion is no number', () => refusal(CommitRequestSchema, { bridge, session: 's', requestId: 'r', observations: [{ ...observation, resourceVersion: '1a' }] }, readCommitRequest), 'observations[0].resource_version'],
    ['an object that is there has no uid', () => refusal(CommitRequestSchema, { bridge, session: 's', requestId: 'r', observations: [{ ...observation, uid: '', state: { case: 'present', value: sealedContent('{}', hashText('{}')) } }] }, readCommitRequest), 'observations[0].uid'],
    ['an observation says nothing', () => refusal(CommitRequestSchema, { bridge, session: 's', requestId: 'r', observations: [{ ...observation, state: { case: undefined } }] }, readCommitRequest), 'observations[0].state'],
    ['a commit had no outcome', () => refusal(CommitResponseSchema, {}, readCommitResponse), 'outcome'],
    ['a bridge would wait for ever', () => refusal(BridgeServicePullRequestSchema, { bridge, dictionary, limit: 1, waitMs: 20_001 }, readBridgePullRequest), 'wait_ms'],
    ['an exception rings a terminal\'s bell', () => refusal(ReportAppliedRequestSchema, { bridge, dictionary, exceptions: [{ key: KEY, reason: 'r', message: '\u0007' }] }, readReportAppliedRequest), 'exceptions[0].message'],
  ])('%s', (_when, refused, field) => {
    expect(refused()).toMatchObject({ field });
  });
});

describe('what users may write is no reason to refuse a whole message', () => {
  const bridge = { clusterId: 'c-1', leaseEpoch: 1n };
  const present = (content: string): { case: 'present'; value: { sha256: Uint8Array; content: Uint8Array } } => ({ case: 'present', value: { sha256: hashBytes(hashText(content)), content: Buffer.from(content) } });

  test('an annotation that is no token is none', () => {
    const observations = ['x'.repeat(2000), 'a b', '\u0000', ''].map((token) => ({ key: KEY, uid: 'u', resourceVersion: '1', token, state: present('{}') }));
    const read = readCommitRequest(create(CommitRequestSchema, { bridge, session: 's', requestId: 'r', observations }));

    expect(read.observations.map(({ token }) => token)).toEqual([undefined, undefined, undefined, undefined]);
  });

  test('a content that is no object is left to the region, which judges one by one', () => {
    const observations = [{ key: KEY, uid: 'u', resourceVersion: '1', state: present('not JSON') }];

    expect(readCommitRequest(create(CommitRequestSchema, { bridge, session: 's', requestId: 'r', observations })).observations[0]?.state).toEqual({ kind: 'live', content: 'not JSON' });
  });

  test('a refusal for a reason that only a newer region knows is a refusal', () => {
    const results = [{ key: KEY, outcome: { case: 'refused' as const, value: { reason: 99 as never, message: 'later' } } }];
    const read = readCommitResponse(create(CommitResponseSchema, { outcome: { case: 'done', value: { results } } }));

    expect(read).toMatchObject({ results: [{ outcome: 'refused', reason: 'Invalid', message: 'later' }] });
  });

  test('a content of the greatest size a replica commits fits', () => {
    expect(MAX_CONTENT_BYTES).toBeGreaterThanOrEqual(MAX_MANIFEST_BYTES);
  });
});
