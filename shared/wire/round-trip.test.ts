import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { create, fromBinary, fromJsonString, toBinary, toJsonString } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as bridge from '../../proto/gen/novaedge/federation/v1/bridge_service_pb.ts';
import { HeartbeatSchema } from '../../proto/gen/novaedge/federation/v1/member_pb.ts';
import * as operator from '../../proto/gen/novaedge/federation/v1/operator_service_pb.ts';
import * as peer from '../../proto/gen/novaedge/federation/v1/peer_service_pb.ts';
import { reachableStates } from '../model/arbitraries.ts';
import { DIRECTIONS } from '../model/mass-delete.ts';
import { BUCKETS } from '../model/merkle.ts';
import { STRATEGIES } from '../model/view.ts';
import type { FederationStatus, VersionInfo } from '../ports/operator.ts';
import type { CompareResponse } from '../ports/peer.ts';
import * as from from './arbitraries.ts';
import { readCleanUpRequest, readCleanUpResponse, writeCleanUpRequest, writeCleanUpResponse } from './bridge-clean-up.ts';
import { readCommitRequest, readCommitResponse, writeCommitRequest, writeCommitResponse } from './bridge-commit.ts';
import { readBridgeCompareRequest, readBridgeCompareResponse, readViewAtRequest, readViewAtResponse, writeBridgeCompareRequest, writeBridgeCompareResponse, writeViewAtRequest, writeViewAtResponse } from './bridge-compare.ts';
import { readPutFederationRequest, readPutFederationResponse, readReportStatusRequest, readReportStatusResponse, writePutFederationRequest, writePutFederationResponse, writeReportStatusRequest, writeReportStatusResponse } from './bridge-federation.ts';
import { readBridgePullRequest, readBridgePullResponse, readReportAppliedRequest, writeBridgePullRequest, writeBridgePullResponse, writeReportAppliedRequest } from './bridge-pull.ts';
import { readCompareRequest, readCompareResponse, writeCompareRequest, writeCompareResponse } from './compare-messages.ts';
import { readHeartbeat, writeHeartbeat } from './heartbeat.ts';
import { readApplied, readConflict, readHistory, readResource, writeApplied, writeConflict, writeHistory, writeResource } from './operator-resources.ts';
import { readStatus, writeStatus } from './operator-status.ts';
import {
  readFetchContentsRequest, readFetchContentsResponse, readFetchRowsRequest, readFetchRowsResponse, readPullRequest, readPullResponse, readPushRequest, readPushResult,
  writeFetchContentsRequest, writeFetchContentsResponse, writeFetchRowsRequest, writeFetchRowsResponse, writePullRequest, writePullResponse, writePushRequest, writePushResult,
} from './peer-messages.ts';

/** What is written, sent as bytes and as JSON, and read, is what it was. */
function survives<Value, Desc extends DescMessage>(values: fc.Arbitrary<Value>, schema: Desc, write: (value: Value) => MessageInitShape<Desc>, read: (message: MessageShape<Desc>) => unknown): void {
  fc.assert(fc.property(values, (value) => {
    const message = create(schema, write(value));

    expect(read(fromBinary(schema, toBinary(schema, message)))).toEqual(value);
    expect(read(fromJsonString(schema, toJsonString(schema, message)))).toEqual(value);
  }));
}

const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const identity = { clusterId: from.clusterIds, leaseEpoch: fc.nat() };
const limits = fc.integer({ min: 1, max: 10_000 });

describe('between members', () => {
  test('pull', () => {
    survives(fc.record({ since: from.vectors, limit: limits }), peer.PeerServicePullRequestSchema, writePullRequest, readPullRequest);
    survives(fc.oneof(from.pages, from.compacted), peer.PeerServicePullResponseSchema, writePullResponse, readPullResponse);
  });

  test('rows that a federation comes to', () => {
    const asked = reachableStates.map(({ key, rows }) => ({ answers: rows.map((row) => ({ key, answer: { kind: 'row' as const, row } })), rest: [] }));
    survives(asked, peer.FetchRowsResponseSchema, writeFetchRowsResponse, readFetchRowsResponse);
  });

  test('push', () => {
    const results = fc.oneof(
      fc.record({ kind: fc.constantFrom('applied' as const, 'gap' as const), seen: from.vectors }),
      fc.record({ kind: fc.constant('deferred' as const), reason: from.texts }),
    );
    survives(from.pushRequests, peer.PushRequestSchema, writePushRequest, readPushRequest);
    survives(results, peer.PushResponseSchema, writePushResult, readPushResult);
  });

  test('heartbeat', () => {
    survives(from.heartbeats, HeartbeatSchema, writeHeartbeat, (message) => readHeartbeat('heartbeat', message));
  });

  test('the order of closed incarnations stays', () => {
    fc.assert(fc.property(from.heartbeats, (beat) => {
      const read = readHeartbeat('heartbeat', create(HeartbeatSchema, writeHeartbeat(beat)));

      expect([...read.clock.closed]).toEqual([...beat.clock.closed]);
    }));
  });

  test('compare digests', () => {
    const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length }).map((array) => Uint8Array.from(array));
    const hex = bytes(8).map((array) => Buffer.from(array).toString('hex'));
    const requests = fc.oneof(
      fc.record({ kind: fc.constant('summary' as const), summary: fc.constantFrom('', '0123456789abcdef') }),
      fc.record({ kind: fc.constant('nodes' as const), nodes: fc.array(fc.record({ index: fc.nat(15), children: bytes(128) }), { maxLength: 3 }) }),
      fc.record({ kind: fc.constant('buckets' as const), buckets: fc.array(fc.nat(BUCKETS - 1), { maxLength: 3 }) }),
    );
    const responses: fc.Arbitrary<CompareResponse> = fc.oneof(
      fc.constant({ kind: 'same' as const }),
      fc.record({ kind: fc.constant('different' as const), seen: from.vectors, vector: from.vectors, top: bytes(128) }),
      fc.record({ kind: fc.constant('nodes' as const), nodes: fc.array(fc.uniqueArray(fc.tuple(fc.nat(15), bytes(128)), { maxLength: 3, selector: ([child]) => child }).map((children) => new Map(children.sort(([a], [b]) => a - b))), { maxLength: 2 }) }),
      fc.record({ kind: fc.constant('buckets' as const), entries: fc.array(fc.array(fc.record({ keyHash: hex, check: bytes(4).map((array) => Buffer.from(array).toString('hex')) }), { maxLength: 3 }), { maxLength: 3 }) }),
    );
    survives(requests, peer.CompareDigestsRequestSchema, writeCompareRequest, readCompareRequest);
    survives(responses, peer.CompareDigestsResponseSchema, writeCompareResponse, readCompareResponse);
  });

  test('fetch rows and contents', () => {
    const keyHashes = fc.constantFrom('0011223344556677', 'ffeeddccbbaa9988');
    survives(
      fc.record({ keys: fc.array(from.keys, { maxLength: 3 }), keyHashes: fc.array(keyHashes, { maxLength: 2 }), unindexed: optional(fc.record({ after: optional(from.keys) })) }),
      peer.FetchRowsRequestSchema, writeFetchRowsRequest, readFetchRowsRequest,
    );
    survives(fc.record({ answers: fc.array(from.answers, { maxLength: 3 }), rest: fc.array(from.keys, { maxLength: 2 }) }), peer.FetchRowsResponseSchema, writeFetchRowsResponse, readFetchRowsResponse);
    survives(fc.record({ wanted: fc.array(fc.record({ key: from.keys, hash: from.hashes }), { maxLength: 3 }) }), peer.FetchContentsRequestSchema, writeFetchContentsRequest, readFetchContentsRequest);
    survives(
      fc.array(from.contents, { maxLength: 3 }).map((contents) => ({ contents: new Map(contents.map(({ hash, text }) => [hash, text])) })),
      peer.FetchContentsResponseSchema, writeFetchContentsResponse, readFetchContentsResponse,
    );
  });
});

describe('between a bridge and its region', () => {
  test('the federation object and the status', () => {
    survives(fc.record({ ...identity, manifest: optional(fc.json()), generation: fc.nat(), schemaGaps: fc.array(from.texts, { maxLength: 2 }) }), bridge.PutFederationRequestSchema, writePutFederationRequest, readPutFederationRequest);
    survives(
      fc.record({
        accepted: fc.boolean(), member: from.members, federationId: fc.constant('prod'), paused: fc.boolean(), mode: fc.constantFrom('hub-spoke' as const, 'mesh' as const), isHub: fc.boolean(),
        filter: fc.record({ resourceTypes: fc.array(from.texts, { maxLength: 2 }), excludeNamespaces: fc.array(from.texts, { maxLength: 2 }), ownershipMarks: fc.constantFrom(['team'], ['a/', 'b.']) }), conditions: fc.array(from.conditions, { maxLength: 2 }), cleanUp: fc.boolean(),
      }),
      bridge.PutFederationResponseSchema, writePutFederationResponse, readPutFederationResponse,
    );
    survives(fc.record({ ...identity, objects: fc.nat(), dirty: fc.nat(), version: from.texts, ifNot: optional(from.texts) }), bridge.ReportStatusRequestSchema, writeReportStatusRequest, readReportStatusRequest);
    survives(fc.record({ status: optional(fc.json()), statusHash: from.texts }), bridge.ReportStatusResponseSchema, writeReportStatusResponse, readReportStatusResponse);
  });

  test('pull and what was applied', () => {
    survives(fc.record({ ...identity, since: optional(from.localVectors), limit: limits, waitMs: fc.nat(20_000) }), bridge.BridgeServicePullRequestSchema, writeBridgePullRequest, readBridgePullRequest);
    survives(
      fc.record({ session: from.tokens, kind: fc.constantFrom('page' as const, 'compacted' as const), targets: fc.array(from.targets, { maxLength: 3 }), upTo: from.localVectors, more: fc.boolean() }),
      bridge.BridgeServicePullResponseSchema, writeBridgePullResponse, readBridgePullResponse,
    );
    survives(
      fc.record({
        ...identity, applied: from.localVectors, exceptions: fc.array(fc.record({ key: from.keys, kind: fc.constantFrom('not-shown' as const, 'not-sent' as const), reason: from.texts, message: from.texts }), { maxLength: 2 }), cleared: fc.array(from.keys, { maxLength: 2 }),
        listResourceVersion: optional(fc.nat().map(String)), filterHash: optional(from.texts),
      }),
      bridge.ReportAppliedRequestSchema, writeReportAppliedRequest, readReportAppliedRequest,
    );
  });

  test('cleaning up', () => {
    survives(fc.record({ ...identity, done: fc.array(fc.record({ key: from.keys, kept: optional(from.texts) }), { maxLength: 2 }), after: optional(from.keys) }), bridge.CleanUpRequestSchema, writeCleanUpRequest, readCleanUpRequest);
    survives(fc.record({ remove: fc.array(from.targets, { maxLength: 2 }), next: optional(from.keys) }), bridge.CleanUpResponseSchema, writeCleanUpResponse, readCleanUpResponse);
  });

  test('commit', () => {
    survives(fc.record({ ...identity, session: from.tokens, requestId: fc.uuid(), observations: fc.array(from.observations, { maxLength: 3 }) }), bridge.CommitRequestSchema, writeCommitRequest, readCommitRequest);
    survives(
      fc.oneof(
        fc.record({ kind: fc.constantFrom('session-expired' as const, 'lower-epoch' as const) }),
        fc.record({ kind: fc.constant('done' as const), results: fc.array(from.observationResults, { maxLength: 3 }) }),
      ),
      bridge.CommitResponseSchema, writeCommitResponse, readCommitResponse,
    );
  });

  test('compare and view at', () => {
    const listed = fc.record({ key: from.keys, uid: fc.uuid(), resourceVersion: fc.nat().map(String), hash: from.hashes, token: optional(from.tokens) });
    survives(
      fc.record({ ...identity, after: optional(from.keys), upTo: optional(from.keys), listResourceVersion: fc.nat().map(String), objects: fc.array(listed, { maxLength: 3 }) }),
      bridge.CompareRequestSchema, writeBridgeCompareRequest, readBridgeCompareRequest,
    );
    survives(
      fc.record({ send: fc.array(from.keys, { maxLength: 2 }), apply: fc.array(from.targets, { maxLength: 2 }), readTo: optional(from.keys) }),
      bridge.CompareResponseSchema, writeBridgeCompareResponse, readBridgeCompareResponse,
    );
    survives(fc.record({ ...identity, key: from.keys, token: from.tokens }), bridge.ViewAtRequestSchema, writeViewAtRequest, readViewAtRequest);
    survives(optional(from.targets), bridge.ViewAtResponseSchema, writeViewAtResponse, readViewAtResponse);
  });
});

describe('for operators', () => {
  const versions: fc.Arbitrary<VersionInfo> = fc.record({
    version: fc.constant('v1.7'), member: from.members, isLocal: fc.boolean(), writtenAtMs: from.timesMs, origin: from.texts, deleted: fc.boolean(),
    hash: optional(from.hashes), manifest: optional(fc.json()),
  });

  test('status', () => {
    const clock = fc.constantFrom({}, { iaaaaaaaaaa: 3, ibbbbbbbbbb: 2 ** 40 });
    const statuses: fc.Arbitrary<FederationStatus> = fc.record({
      federationId: fc.constant('prod'), localMember: from.members, phase: fc.constantFrom('Initializing' as const, 'Healthy' as const), mode: fc.constant('mesh'), strategy: fc.constantFrom(...STRATEGIES),
      members: fc.array(fc.record({
        name: from.members, region: from.texts, endpoint: from.texts, isLocal: fc.boolean(), healthy: fc.boolean(), error: optional(from.texts), lastSeenMs: optional(from.timesMs),
        lastSyncMs: optional(from.timesMs), syncLagMs: optional(fc.nat()), agents: fc.nat(), vectorClock: clock,
      }), { maxLength: 2 }),
      conflictsPending: fc.nat(), resources: fc.nat(), exceptions: fc.array(fc.record({ key: from.keys, reason: from.texts, message: from.texts }), { maxLength: 2 }),
      conditions: fc.array(from.conditions, { maxLength: 2 }), merkleRoot: fc.constant('00ff'), localVectorClock: clock, writesFenced: fc.boolean(), recovering: fc.boolean(),
      lastSyncMs: optional(from.timesMs), observedGeneration: fc.nat(),
      holds: fc.array(fc.record({
        id: fc.constantFrom('up-1a2b3c', 'down-00ff00'), reason: fc.constant('MassDeletion'), message: from.texts, direction: fc.constantFrom(...DIRECTIONS), sinceMs: from.timesMs, resources: fc.nat(), examples: fc.array(from.keys, { maxLength: 2 }),
      }), { maxLength: 2 }),
    });
    survives(statuses, operator.FederationStatusSchema, writeStatus, (message) => readStatus('status', message));
  });

  test('resources, conflicts, history', () => {
    survives(
      fc.record({ key: from.keys, manifest: fc.json(), hash: from.hashes, versions: fc.array(versions, { maxLength: 2 }), conflict: optional(fc.constantFrom('pending' as const, 'decided' as const)) }),
      operator.ResourceInfoSchema, writeResource, (message) => readResource('resource', message),
    );
    survives(
      fc.record({
        key: from.keys, status: fc.constantFrom('pending' as const, 'decided' as const), strategy: fc.constantFrom(...STRATEGIES), detectedAtMs: from.timesMs, overlapping: fc.array(from.texts, { maxLength: 2 }),
        versions: fc.array(versions, { maxLength: 2 }), winner: optional(fc.record({ version: fc.constant('v1.7'), member: from.members })), why: from.texts,
      }),
      operator.ConflictInfoSchema, writeConflict, (message) => readConflict('conflict', message),
    );
    survives(
      fc.array(fc.record({ version: fc.constant('v1.7'), member: from.members, committedAtMs: optional(from.timesMs), what: fc.constantFrom('written' as const, 'deleted' as const, 'superseded' as const, 'touched' as const) }), { maxLength: 2 }),
      operator.HistoryResponseSchema, writeHistory, readHistory,
    );
    survives(fc.record({ key: from.keys, version: fc.constant('v1.7'), outcome: fc.constantFrom('created' as const, 'configured' as const, 'unchanged' as const) }), operator.ApplyResourceResponseSchema, writeApplied, readApplied);
  });
});
