import type { MessageInitShape } from '@bufbuild/protobuf';
import type { KeyedAnswer as WireAnswer, KeyedAnswerSchema, Live, LiveSchema, Row as WireRow, RowSchema, Sibling as WireSibling, SiblingSchema } from '../../proto/gen/novaedge/federation/v1/row_pb.ts';
import type { Body, Row, Sibling } from '../model/row.ts';
import { coversDot, dotKey } from '../model/version-vector.ts';
import type { KeyedAnswer } from '../ports/peer.ts';
import { contentBytes, requireManifest } from './content.ts';
import type { DictionaryReader, DictionaryWriter } from './dictionary.ts';
import { MAX_CONTENT_BYTES, MAX_ENTRIES, MAX_SIBLINGS } from './limits.ts';
import { hashBytes, requireHash, requireOrigin } from './names.ts';
import { readProvenance, writeProvenance } from './provenance.ts';
import { big, requireList, requireNumber } from './values.ts';
import { WireError } from './wire-error.ts';

/** Answers on their way out; the local part of a row never gets here. */
export const writeAnswers = (dictionary: DictionaryWriter, answers: readonly KeyedAnswer[]): MessageInitShape<typeof KeyedAnswerSchema>[] =>
  answers.map(({ key, answer }) => ({
    key: dictionary.key(key),
    answer: answer.kind === 'row'
      ? { case: 'row', value: writeRow(dictionary, answer.row) }
      : { case: 'absent', value: { seen: dictionary.vector(answer.seen) } },
  }));

/** @throws WireError */
export const readAnswers = (dictionary: DictionaryReader, field: string, answers: readonly WireAnswer[]): readonly KeyedAnswer[] =>
  requireList(field, answers, MAX_ENTRIES).map((message, at) => readAnswer(dictionary, `${field}[${at.toString()}]`, message));

function readAnswer(dictionary: DictionaryReader, field: string, { key, answer }: WireAnswer): KeyedAnswer {
  const name = dictionary.key(`${field}.key`, key);
  switch (answer.case) {
    case 'row': return { key: name, answer: { kind: 'row', row: readRow(dictionary, `${field}.row`, answer.value) } };
    case 'absent': return { key: name, answer: { kind: 'absent', seen: dictionary.vector(`${field}.absent.seen`, answer.value.seen) } };
    case undefined: throw new WireError(`${field}.answer`, 'is missing', 'a row, or that it is absent');
  }
}

export const writeRow = (dictionary: DictionaryWriter, row: Row): MessageInitShape<typeof RowSchema> => ({
  context: dictionary.vector(row.context),
  siblings: row.siblings.map((sibling) => writeSibling(dictionary, sibling)),
});

/** @throws WireError, also where a row cannot be: its context covers all of its siblings' dots, and no dot stands twice. */
export function readRow(dictionary: DictionaryReader, field: string, message: WireRow): Row {
  const context = dictionary.vector(`${field}.context`, message.context);
  const siblings = requireList(`${field}.siblings`, message.siblings, MAX_SIBLINGS).map((sibling, at) => readSibling(dictionary, `${field}.siblings[${at.toString()}]`, sibling));
  const uncovered = siblings.findIndex((sibling) => !coversDot(context, sibling.dot));
  if (uncovered !== -1) throw new WireError(`${field}.siblings[${uncovered.toString()}].dot`, 'is not in the row\'s context', 'a dot that the context covers');
  if (new Set(siblings.map(({ dot }) => dotKey(dot))).size !== siblings.length) throw new WireError(`${field}.siblings`, 'has a dot twice', 'each dot once');
  return { context, siblings };
}

const writeSibling = (dictionary: DictionaryWriter, { dot, stamp, writerContext, covers, origin, body }: Sibling): MessageInitShape<typeof SiblingSchema> => ({
  dot: dictionary.dot(dot),
  stamp: dictionary.stamp(stamp),
  writerContext: dictionary.vector(writerContext),
  covers: covers.map((covered) => dictionary.dot(covered)),
  origin,
  body: body.kind === 'deleted' ? { case: 'deleted', value: {} } : { case: 'live', value: writeLive(dictionary, body) },
});

const writeLive = (dictionary: DictionaryWriter, { hash, bytes, content, fields }: Extract<Body, { kind: 'live' }>): MessageInitShape<typeof LiveSchema> => ({
  sha256: hashBytes(hash),
  size: big(bytes),
  ...(content !== undefined && { content: contentBytes(content) }),
  fields: writeProvenance(dictionary, fields),
});

function readSibling(dictionary: DictionaryReader, field: string, message: WireSibling): Sibling {
  return {
    dot: dictionary.dot(`${field}.dot`, message.dot),
    stamp: dictionary.stamp(`${field}.stamp`, message.stamp),
    writerContext: dictionary.vector(`${field}.writer_context`, message.writerContext),
    covers: requireList(`${field}.covers`, message.covers).map((dot, at) => dictionary.dot(`${field}.covers[${at.toString()}]`, dot)),
    origin: requireOrigin(`${field}.origin`, message.origin),
    body: readBody(dictionary, field, message.body),
  };
}

function readBody(dictionary: DictionaryReader, field: string, body: WireSibling['body']): Body {
  switch (body.case) {
    case 'deleted': return { kind: 'deleted' };
    case 'live': return readLive(dictionary, `${field}.live`, body.value);
    case undefined: throw new WireError(`${field}.body`, 'is missing', 'deleted or live');
  }
}

function readLive(dictionary: DictionaryReader, field: string, { sha256, size, content, fields }: Live): Body {
  const bytes = requireNumber(`${field}.size`, size, { max: MAX_CONTENT_BYTES });
  const provenance = readProvenance(dictionary, `${field}.fields`, fields);
  if (content === undefined) return { kind: 'live', hash: requireHash(`${field}.sha256`, sha256), content: undefined, bytes, fields: provenance };
  const received = requireManifest(`${field}.content`, content, sha256);
  if (received.bytes !== bytes) throw new WireError(`${field}.size`, `is ${bytes.toString()}`, `the length of the content (${received.bytes.toString()})`);
  return { kind: 'live', hash: received.hash, content: received.text, bytes, fields: provenance };
}
