import fc from 'fast-check';
import type { ClockRow } from '../model/clock-row.ts';
import { canonicalContent } from '../model/content.ts';
import type { ClusterId, Incarnation, LogName, Member, ResourceKey } from '../model/ids.ts';
import { asClusterId, asIncarnation, asLocalLog, asMember, asTableId } from '../model/ids.ts';
import type { LogSegment } from '../model/log.ts';
import { resourceKey } from '../model/resource-key.ts';
import type { Body, Provenance, Row, Sibling } from '../model/row.ts';
import type { SharedSettings } from '../model/shared-settings.ts';
import type { Stamp, Write } from '../model/stamp.ts';
import { zeroStamp } from '../model/stamp.ts';
import type { Dot, VersionVector } from '../model/version-vector.ts';
import { dotKey, withDot } from '../model/version-vector.ts';
import { STRATEGIES } from '../model/view.ts';
import type { Compacted, Heartbeat, KeyedAnswer, Page, PushRequest } from '../ports/peer.ts';
import type { Condition, Observation, ObservationResult, Target } from '../ports/region.ts';
import { MAX_STAMP_COUNTER, MAX_TIME_MS } from './limits.ts';

/** fast-check arbitraries for all that travels: every shape and the ends of every range, not only what a federation comes to. */

const logNames = ['iaaaaaaaaaa', 'ibbbbbbbbbb', 'izzzz', 'i23456789ab'].map(asIncarnation);
export const incarnations: fc.Arbitrary<Incarnation> = fc.constantFrom(...logNames);
const anyLogs: fc.Arbitrary<LogName> = fc.constantFrom<LogName>(...logNames, asLocalLog('llocallogxx'));
export const members: fc.Arbitrary<Member> = fc.constantFrom('us-west-controller', 'eu-west', 'a', 'm.example').map(asMember);
export const clusterIds: fc.Arbitrary<ClusterId> = fc.constantFrom('0f1e2d3c-0000-4000-8000-000000000001', 'directory-1').map(asClusterId);

export const counters = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.maxSafeInteger().map((number) => Math.abs(number) || 1), fc.constant(Number.MAX_SAFE_INTEGER));
export const timesMs = fc.oneof(fc.constantFrom(0, MAX_TIME_MS), fc.integer({ min: 1_700_000_000_000, max: 1_800_000_000_000 }));
export const texts = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replaceAll(/\p{Cc}/gu, ''));

export const keys: fc.Arbitrary<ResourceKey> = fc
  .record({
    group: fc.constantFrom('', 'novaedge.io'), kind: fc.constantFrom('ProxyRoute', 'Secret'), namespace: fc.constantFrom('', 'default'),
    name: fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/),
  })
  .map(resourceKey);

const vectorsOf = (logs: fc.Arbitrary<LogName>): fc.Arbitrary<VersionVector> => fc.array(fc.tuple(logs, counters), { maxLength: 4 }).map((entries) => new Map(entries));
export const vectors = vectorsOf(incarnations);
/** With the region's own log, as bridges see it. */
export const localVectors = vectorsOf(anyLogs);

export const dots: fc.Arbitrary<Dot> = fc.record({ incarnation: incarnations, counter: counters });
export const stamps: fc.Arbitrary<Stamp> = fc.oneof(
  fc.constant(zeroStamp),
  fc.record({ ms: timesMs, counter: fc.constantFrom(0, 1, MAX_STAMP_COUNTER), member: members }),
);
const writes: fc.Arbitrary<Write> = fc.record({ dot: dots, stamp: stamps });
const paths = fc.oneof(fc.constantFrom('spec/rules', 'metadata/labels/__proto__', 'spec/listeners/["http"]/port', ''), fc.string({ unit: 'grapheme', maxLength: 20 }).map((path) => path.toWellFormed()));

export const provenances: fc.Arbitrary<Provenance> = fc
  .record({ base: writes, touched: fc.uniqueArray(fc.tuple(paths, writes, fc.boolean()), { maxLength: 6, selector: ([path]) => path }) })
  .map(({ base, touched }) => ({
    base,
    set: new Map(touched.filter(([, , isSet]) => isSet).map(([path, write]) => [path, write])),
    removed: new Map(touched.filter(([, , isSet]) => !isSet).map(([path, write]) => [path, write])),
  }));

/** JSON objects with text of all kinds, as canonical contents. */
export const contents = fc
  .record({ apiVersion: fc.constant('novaedge.io/v1alpha1'), kind: fc.constant('ProxyRoute'), spec: fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 5 }), fc.oneof(texts, fc.integer(), fc.boolean()), { maxKeys: 4 }) })
  .map((value) => canonicalContent(value));

const bodies: fc.Arbitrary<Body> = fc.oneof(
  fc.constant({ kind: 'deleted' as const }),
  fc.tuple(contents, provenances, fc.boolean()).map(([{ text, hash, bytes }, fields, inline]) => ({ kind: 'live' as const, hash, content: inline ? text : undefined, bytes, fields })),
);

export const siblings: fc.Arbitrary<Sibling> = fc.record({
  dot: dots, stamp: stamps, writerContext: vectors, covers: fc.array(dots, { maxLength: 2 }), origin: fc.oneof(clusterIds, fc.constant('operator' as const)), body: bodies,
});

/** Rows as they can be: the context covers every sibling, and no dot stands twice. */
export const rows: fc.Arbitrary<Row> = fc
  .record({ context: vectors, versions: fc.uniqueArray(siblings, { maxLength: 3, selector: ({ dot }) => dotKey(dot) }) })
  .map(({ context, versions }) => ({ context: versions.reduce<VersionVector>((covering, { dot }) => withDot(covering, dot), context), siblings: versions }));

export const answers: fc.Arbitrary<KeyedAnswer> = fc.record({
  key: keys,
  answer: fc.oneof(rows.map((row) => ({ kind: 'row' as const, row })), vectors.map((seen) => ({ kind: 'absent' as const, seen }))),
});

const segmentsOver = (answered: readonly ResourceKey[]): fc.Arbitrary<LogSegment> => fc
  .record({
    log: incarnations, first: fc.integer({ min: 1, max: 100 }), gaps: fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.nat()), { maxLength: answered.length === 0 ? 0 : 4 }),
    committedAtMs: timesMs, requestId: fc.option(fc.uuid(), { nil: undefined }), closes: fc.boolean(),
  })
  .map(({ log, first, gaps, committedAtMs, requestId, closes }) => {
    let counter = first - 1;
    const entries = gaps.flatMap(([gap, pick]) => {
      counter += gap + 1;
      const key = answered[pick % answered.length];
      return key === undefined ? [] : [{ counter, key }];
    });
    return { log, first, last: Math.max(first, counter), entries, committedAtMs, requestId, closes };
  });

export const pages: fc.Arbitrary<Page> = fc
  .uniqueArray(answers, { maxLength: 4, selector: ({ key }) => key })
  .chain((answered) => fc.record({
    kind: fc.constant('page' as const), from: members, since: vectors, upTo: vectors, more: fc.boolean(),
    segments: fc.array(segmentsOver(answered.map(({ key }) => key)), { maxLength: 3 }), answers: fc.constant(answered),
  }));

export const compacted: fc.Arbitrary<Compacted> = fc.record({ kind: fc.constant('compacted' as const), seen: vectors, floors: vectors });

export const pushRequests: fc.Arbitrary<PushRequest> = fc.oneof(
  pages.map((page) => ({ kind: 'page' as const, page })),
  fc.record({ kind: fc.constant('repair' as const), from: members, answers: fc.array(answers, { maxLength: 3 }) }),
);

const settings: fc.Arbitrary<SharedSettings> = fc.record({
  mode: fc.constantFrom('hub-spoke' as const, 'mesh' as const, 'unified' as const),
  strategy: fc.constantFrom(...STRATEGIES),
  splitBrain: fc.record({
    enabled: fc.boolean(), quorumMode: fc.constantFrom('Controllers' as const, 'AgentAssisted' as const), quorumRequired: fc.boolean(), fencingEnabled: fc.boolean(),
    quorumSize: fc.integer({ min: 1, max: 9 }), partitionTimeoutMs: timesMs, healingGracePeriodMs: timesMs, autoResolveOnHeal: fc.boolean(),
    controllerWeight: fc.nat(100), agentWeight: fc.nat(100), minAgentsForQuorum: fc.nat(100),
  }).chain(({ quorumSize, ...others }) => fc.constantFrom(others, { ...others, quorumSize })),
  tombstoneTtlMs: timesMs, ownershipMarks: fc.constantFrom(['team', 'example.com/'], ['argocd.argoproj.io/']),
});

const clocksOf = (member: Member): fc.Arbitrary<ClockRow> => fc
  .record({
    names: fc.shuffledSubarray(logNames, { minLength: 1 }), lasts: fc.array(fc.oneof(counters, fc.constant(0)), { minLength: 4, maxLength: 4 }), head: fc.oneof(fc.constant(0), counters), hlc: stamps,
    tableId: fc.constantFrom('table-1', 'arn:aws:dynamodb:eu-west-1:123456789012:table/x').map(asTableId), bridgeEpoch: fc.nat(), state: fc.constantFrom('serving' as const, 'recovering' as const, 'left' as const),
  })
  .map(({ names: [incarnation = asIncarnation('iaaaaaaaaaa'), ...closed], lasts, ...clock }) => ({ ...clock, member, incarnation, closed: new Map(closed.map((log, at) => [log, lasts[at] ?? 0])) }));

export const heartbeats: fc.Arbitrary<Heartbeat> = members.chain((member) => fc.record({
  federationId: fc.constantFrom('prod-global', 'x'), member: fc.constant(member), clock: clocksOf(member), seen: vectors, asks: fc.option(settings, { nil: undefined }), sentAtMs: timesMs,
  agents: fc.nat(10_000), reaches: fc.array(members, { maxLength: 3 }), hubSpec: fc.option(fc.json(), { nil: undefined }),
}));

export const hashes = contents.map(({ hash }) => hash);
export const tokens = fc.constantFrom('1.iaaaaaaaaaa:1.00.bWFj', 'x');

export const targets: fc.Arbitrary<Target> = fc.record({
  key: keys,
  show: fc.oneof(fc.constant({ kind: 'gone' as const }), fc.tuple(contents, tokens).map(([{ text, hash }, token]) => ({ kind: 'live' as const, hash, content: text, token }))),
  before: fc.oneof(fc.constant({ kind: 'nothing' as const }), hashes.map((hash) => ({ kind: 'live' as const, hash }))),
});

export const conditions: fc.Arbitrary<Condition> = fc.record({ type: texts, status: fc.constantFrom('True' as const, 'False' as const, 'Unknown' as const), reason: texts, message: texts });

export const observations: fc.Arbitrary<Observation> = fc.record({
  key: keys, uid: fc.uuid(), resourceVersion: fc.nat().map(String), token: fc.option(tokens, { nil: undefined }),
  state: fc.oneof(
    fc.record({ kind: fc.constant('live' as const), content: fc.oneof(contents.map(({ text }) => text), fc.constant('not JSON at all')) }),
    fc.record({ kind: fc.constant('gone' as const), confirmed: fc.boolean() }),
  ),
}).chain((observation) => (observation.state.kind === 'live' ? fc.constant(observation) : fc.constantFrom(observation, { ...observation, uid: '' })));

export const observationResults: fc.Arbitrary<ObservationResult> = fc.oneof(
  fc.record({ key: keys, outcome: fc.constant('committed' as const), dot: dots, target: fc.option(targets, { nil: undefined }) }),
  fc.record({ key: keys, outcome: fc.constant('unchanged' as const), target: fc.option(targets, { nil: undefined }) }),
  fc.record({ key: keys, outcome: fc.constant('refused' as const), reason: fc.constantFrom('Fenced' as const, 'Quota' as const, 'NotApplied' as const), message: texts, target: fc.option(targets, { nil: undefined }) }),
);
