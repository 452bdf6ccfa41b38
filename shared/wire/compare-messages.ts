import type { MessageInitShape } from '@bufbuild/protobuf';
import type { CompareDigestsRequest, CompareDigestsRequest_Node, CompareDigestsRequestSchema, CompareDigestsResponse, CompareDigestsResponse_Bucket, CompareDigestsResponseSchema } from '../../proto/gen/novaedge/federation/v1/peer_service_pb.ts';
import type { EntryDigest, NodeAt } from '../model/merkle.ts';
import { BUCKETS, DEPTH, DIGEST_BYTES, FAN_OUT_BITS, KEY_HASH_BYTES } from '../model/merkle.ts';
import type { CompareRequest, CompareResponse } from '../ports/peer.ts';
import { MAX_COMPARE_ITEMS } from '../ports/peer.ts';
import { DictionaryReader, DictionaryWriter } from './dictionary.ts';
import { MAX_BUCKET_ENTRIES } from './limits.ts';
import { requireHex } from './names.ts';
import { requireList, requireMatch, requireNumber } from './values.ts';
import { WireError } from './wire-error.ts';

/** An empty summary asks for the vector and the root whatever they are. */
const SUMMARY = /^[\x21-\x7e]{0,64}$/;
/** The digests of one node's children. */
const CHILDREN_BYTES = DIGEST_BYTES << FAN_OUT_BITS;

export function writeCompareRequest(request: CompareRequest): MessageInitShape<typeof CompareDigestsRequestSchema> {
  switch (request.kind) {
    case 'summary': return { step: { case: 'summary', value: request.summary } };
    case 'nodes': return { step: { case: 'nodes', value: { nodes: request.nodes.map(({ level, index }) => ({ level, index })) } } };
    case 'buckets': return { step: { case: 'buckets', value: { numbers: [...request.buckets] } } };
  }
}

/** @throws WireError */
export function readCompareRequest({ step }: CompareDigestsRequest): CompareRequest {
  switch (step.case) {
    case 'summary': return { kind: 'summary', summary: requireMatch('summary', step.value, SUMMARY, 'at most 64 printable characters') };
    case 'nodes': return { kind: 'nodes', nodes: requireList('nodes', step.value.nodes, MAX_COMPARE_ITEMS).map((node, at) => readNode(`nodes[${at.toString()}]`, node)) };
    case 'buckets': return {
      kind: 'buckets',
      buckets: requireList('buckets', step.value.numbers, MAX_COMPARE_ITEMS).map((number, at) => requireNumber(`buckets[${at.toString()}]`, number, { max: BUCKETS - 1 })),
    };
    case undefined: throw new WireError('step', 'is missing', 'a summary, nodes or buckets');
  }
}

/** Leaves have no children to ask for. */
function readNode(field: string, node: CompareDigestsRequest_Node): NodeAt {
  const level = requireNumber(`${field}.level`, node.level, { max: DEPTH - 1 });
  return { level, index: requireNumber(`${field}.index`, node.index, { max: (1 << (FAN_OUT_BITS * level)) - 1 }) };
}

export function writeCompareResponse(response: CompareResponse): MessageInitShape<typeof CompareDigestsResponseSchema> {
  switch (response.kind) {
    case 'same': return { result: { case: 'same', value: {} } };
    case 'nodes': return { result: { case: 'nodes', value: { children: [...response.children] } } };
    case 'buckets': return { result: { case: 'buckets', value: { buckets: response.entries.map(writeBucket) } } };
    case 'different': {
      const dictionary = new DictionaryWriter();
      const value = { seen: dictionary.vector(response.seen), vector: dictionary.vector(response.vector), root: response.root };
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
      const { seen, vector, root } = result.value;
      return { kind: 'different', seen: dictionary.vector('different.seen', seen), vector: dictionary.vector('different.vector', vector), root: requireHex('different.root', root) };
    }
    case 'nodes': return { kind: 'nodes', children: requireList('nodes.children', result.value.children, MAX_COMPARE_ITEMS).map((bytes, at) => readChildren(`nodes.children[${at.toString()}]`, bytes)) };
    case 'buckets': return { kind: 'buckets', entries: requireList('buckets', result.value.buckets, MAX_COMPARE_ITEMS).map((bucket, at) => readBucket(`buckets[${at.toString()}]`, bucket)) };
    case undefined: throw new WireError('result', 'is missing', 'same, different, nodes or buckets');
  }
}

function readChildren(field: string, bytes: Uint8Array): Uint8Array {
  if (bytes.length !== CHILDREN_BYTES) throw new WireError(field, `has ${bytes.length.toString()} bytes`, `${CHILDREN_BYTES.toString()} bytes`);
  return bytes;
}

const writeBucket = (entries: readonly EntryDigest[]): { keyHashes: Uint8Array; digests: Uint8Array } => ({
  keyHashes: Buffer.from(entries.map(({ keyHash }) => keyHash).join(''), 'hex'),
  digests: Buffer.from(entries.map(({ digest }) => digest).join(''), 'hex'),
});

function readBucket(field: string, { keyHashes, digests }: CompareDigestsResponse_Bucket): readonly EntryDigest[] {
  const count = keyHashes.length / KEY_HASH_BYTES;
  if (!Number.isInteger(count) || count > MAX_BUCKET_ENTRIES) throw new WireError(`${field}.key_hashes`, `has ${keyHashes.length.toString()} bytes`, `at most ${MAX_BUCKET_ENTRIES.toString()} runs of ${KEY_HASH_BYTES.toString()}`);
  if (digests.length !== count * DIGEST_BYTES) throw new WireError(`${field}.digests`, `has ${digests.length.toString()} bytes`, `${DIGEST_BYTES.toString()} for each of the ${count.toString()} entries`);
  const [names, values] = [Buffer.from(keyHashes).toString('hex'), Buffer.from(digests).toString('hex')];
  return Array.from({ length: count }, (_, entry) => ({
    keyHash: names.slice(entry * KEY_HASH_BYTES * 2, (entry + 1) * KEY_HASH_BYTES * 2),
    digest: values.slice(entry * DIGEST_BYTES * 2, (entry + 1) * DIGEST_BYTES * 2),
  }));
}
