import type { MessageInitShape } from '@bufbuild/protobuf';
import type { CompareDigestsRequest, CompareDigestsRequestSchema, CompareDigestsResponse, CompareDigestsResponse_Bucket, CompareDigestsResponse_Node, CompareDigestsResponseSchema } from '../../proto/gen/novaedge/federation/v1/peer_service_pb.ts';
import type { EntryCheck } from '../model/merkle.ts';
import { BUCKETS, CHECK_BYTES, CHILDREN_BYTES, FAN_OUT_BITS, KEY_HASH_BYTES } from '../model/merkle.ts';
import type { AnsweredNode, CompareRequest, CompareResponse } from '../ports/peer.ts';
import { MAX_COMPARE_BUCKETS } from '../ports/peer.ts';
import { DictionaryReader, DictionaryWriter } from './dictionary.ts';
import { MAX_BUCKET_ENTRIES } from './limits.ts';
import { requireList, requireMatch, requireNumber } from './values.ts';
import { WireError } from './wire-error.ts';

/** An empty summary asks for the vector and the top whatever they are. */
const SUMMARY = /^[\x21-\x7e]{0,64}$/;
const FAN_OUT = 1 << FAN_OUT_BITS;

export function writeCompareRequest(request: CompareRequest): MessageInitShape<typeof CompareDigestsRequestSchema> {
  switch (request.kind) {
    case 'summary': return { step: { case: 'summary', value: request.summary } };
    case 'nodes': return { step: { case: 'nodes', value: { nodes: request.nodes.map(({ index, children }) => ({ index, children: bytesOf(children) })) } } };
    case 'buckets': return { step: { case: 'buckets', value: { numbers: [...request.buckets] } } };
  }
}

/** @throws WireError */
export function readCompareRequest({ step }: CompareDigestsRequest): CompareRequest {
  switch (step.case) {
    case 'summary': return { kind: 'summary', summary: requireMatch('summary', step.value, SUMMARY, 'at most 64 printable characters') };
    case 'nodes': return {
      kind: 'nodes',
      nodes: requireList('nodes', step.value.nodes, FAN_OUT).map((node, at) => ({
        index: requireNumber(`nodes[${at.toString()}].index`, node.index, { max: FAN_OUT - 1 }), children: requireBytes(`nodes[${at.toString()}].children`, node.children, CHILDREN_BYTES),
      })),
    };
    case 'buckets': return {
      kind: 'buckets',
      buckets: requireList('buckets', step.value.numbers, MAX_COMPARE_BUCKETS).map((number, at) => requireNumber(`buckets[${at.toString()}]`, number, { max: BUCKETS - 1 })),
    };
    case undefined: throw new WireError('step', 'is missing', 'a summary, nodes or buckets');
  }
}

export function writeCompareResponse(response: CompareResponse): MessageInitShape<typeof CompareDigestsResponseSchema> {
  switch (response.kind) {
    case 'same': return { result: { case: 'same', value: {} } };
    case 'nodes': return { result: { case: 'nodes', value: { nodes: response.nodes.map(writeNode) } } };
    case 'buckets': return { result: { case: 'buckets', value: { buckets: response.entries.map(writeBucket) } } };
    case 'different': {
      const dictionary = new DictionaryWriter();
      const value = { seen: dictionary.vector(response.seen), vector: dictionary.vector(response.vector), top: bytesOf(response.top) };
      return { dictionary: dictionary.finish(), result: { case: 'different', value } };
    }
  }
}

/** @throws WireError */
export function readCompareResponse({ dictionary: sent, result }: CompareDigestsResponse): CompareResponse {
  switch (result.case) {
    case 'same': return { kind: 'same' };
    case 'different': {
      const dictionary = new DictionaryReader('dictionary', sent);
      const { seen, vector, top } = result.value;
      return { kind: 'different', seen: dictionary.vector('different.seen', seen), vector: dictionary.vector('different.vector', vector), top: requireBytes('different.top', top, CHILDREN_BYTES) };
    }
    case 'nodes': return { kind: 'nodes', nodes: requireList('nodes', result.value.nodes, FAN_OUT).map((node, at) => readNode(`nodes[${at.toString()}]`, node)) };
    case 'buckets': return { kind: 'buckets', entries: requireList('buckets', result.value.buckets, MAX_COMPARE_BUCKETS).map((bucket, at) => readBucket(`buckets[${at.toString()}]`, bucket)) };
    case undefined: throw new WireError('result', 'is missing', 'same, different, nodes or buckets');
  }
}

const bytesOf = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => Uint8Array.from(bytes);

function requireBytes(field: string, bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length) throw new WireError(field, `has ${bytes.length.toString()} bytes`, `${length.toString()} bytes`);
  return bytes;
}

function writeNode(node: AnsweredNode): { differing: number; grandchildren: Uint8Array<ArrayBuffer> } {
  const children = [...node].sort(([a], [b]) => a - b);
  return { differing: children.reduce((bits, [child]) => bits | (1 << child), 0), grandchildren: bytesOf(Buffer.concat(children.map(([, digests]) => digests))) };
}

function readNode(field: string, { differing, grandchildren }: CompareDigestsResponse_Node): AnsweredNode {
  const bits = requireNumber(`${field}.differing`, differing, { max: (1 << FAN_OUT) - 1 });
  const children = Array.from({ length: FAN_OUT }, (_, child) => child).filter((child) => (bits & (1 << child)) !== 0);
  requireBytes(`${field}.grandchildren`, grandchildren, children.length * CHILDREN_BYTES);
  return new Map(children.map((child, at) => [child, grandchildren.subarray(at * CHILDREN_BYTES, (at + 1) * CHILDREN_BYTES)]));
}

const writeBucket = (entries: readonly EntryCheck[]): { keyHashes: Uint8Array<ArrayBuffer>; checks: Uint8Array<ArrayBuffer> } => ({
  keyHashes: bytesOf(Buffer.from(entries.map(({ keyHash }) => keyHash).join(''), 'hex')),
  checks: bytesOf(Buffer.from(entries.map(({ check }) => check).join(''), 'hex')),
});

function readBucket(field: string, { keyHashes, checks }: CompareDigestsResponse_Bucket): readonly EntryCheck[] {
  const count = keyHashes.length / KEY_HASH_BYTES;
  if (!Number.isInteger(count) || count > MAX_BUCKET_ENTRIES) throw new WireError(`${field}.key_hashes`, `has ${keyHashes.length.toString()} bytes`, `at most ${MAX_BUCKET_ENTRIES.toString()} runs of ${KEY_HASH_BYTES.toString()}`);
  requireBytes(`${field}.checks`, checks, count * CHECK_BYTES);
  const [names, values] = [Buffer.from(keyHashes).toString('hex'), Buffer.from(checks).toString('hex')];
  return Array.from({ length: count }, (_, entry) => ({
    keyHash: names.slice(entry * KEY_HASH_BYTES * 2, (entry + 1) * KEY_HASH_BYTES * 2),
    check: values.slice(entry * CHECK_BYTES * 2, (entry + 1) * CHECK_BYTES * 2),
  }));
}
