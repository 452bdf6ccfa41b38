import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Compacted as WireCompacted, CompactedSchema, LogSegment as WireSegment, LogSegmentSchema, Page as WirePage, PageSchema } from '../../proto/gen/novaedge/federation/v1/log_pb.ts';
import type { ResourceKey } from '../model/ids.ts';
import type { LogEntry, LogSegment } from '../model/log.ts';
import type { Compacted, Page } from '../ports/peer.ts';
import { DictionaryReader, DictionaryWriter } from './dictionary.ts';
import { MAX_ENTRIES, MAX_REQUEST_ID_CHARACTERS } from './limits.ts';
import { requireMember } from './names.ts';
import { readAnswers, writeAnswers } from './rows.ts';
import { big, optionalText, requireCounter, requireList, requireNumber, requireTimeMs } from './values.ts';
import { WireError } from './wire-error.ts';

/** A page on its way out. */
export function writePage(page: Page): MessageInitShape<typeof PageSchema> {
  const dictionary = new DictionaryWriter();
  const message = {
    from: page.from,
    since: dictionary.vector(page.since),
    upTo: dictionary.vector(page.upTo),
    segments: page.segments.map((segment) => writeSegment(dictionary, segment)),
    answers: writeAnswers(dictionary, page.answers),
    more: page.more,
  };
  return { ...message, dictionary: dictionary.finish() };
}

/** @throws WireError, also where an entry of a segment has no answer: `seen` would move past what never came. */
export function readPage(field: string, message: WirePage): Page {
  const dictionary = new DictionaryReader(`${field}.dictionary`, message.dictionary);
  const answers = readAnswers(dictionary, `${field}.answers`, message.answers);
  const answered = new Set(answers.map(({ key }) => key));
  return {
    kind: 'page',
    from: requireMember(`${field}.from`, message.from),
    since: dictionary.vector(`${field}.since`, message.since),
    upTo: dictionary.vector(`${field}.up_to`, message.upTo),
    segments: requireList(`${field}.segments`, message.segments, MAX_ENTRIES).map((segment, at) => readSegment(dictionary, `${field}.segments[${at.toString()}]`, segment, answered)),
    answers,
    more: message.more,
  };
}

export function writeCompacted({ seen, floors }: Compacted): MessageInitShape<typeof CompactedSchema> {
  const dictionary = new DictionaryWriter();
  const message = { seen: dictionary.vector(seen), floors: dictionary.vector(floors) };
  return { ...message, dictionary: dictionary.finish() };
}

/** @throws WireError */
export function readCompacted(field: string, message: WireCompacted): Compacted {
  const dictionary = new DictionaryReader(`${field}.dictionary`, message.dictionary);
  return { kind: 'compacted', seen: dictionary.vector(`${field}.seen`, message.seen), floors: dictionary.vector(`${field}.floors`, message.floors) };
}

const writeSegment = (dictionary: DictionaryWriter, segment: LogSegment): MessageInitShape<typeof LogSegmentSchema> => ({
  log: dictionary.log(segment.log),
  first: big(segment.first),
  last: big(segment.last),
  counters: segment.entries.map(({ counter }) => big(counter)),
  keys: segment.entries.map(({ key }) => dictionary.key(key)),
  committedAtMs: big(segment.committedAtMs),
  requestId: segment.requestId,
  closes: segment.closes,
});

function readSegment(dictionary: DictionaryReader, field: string, message: WireSegment, answered: ReadonlySet<ResourceKey>): LogSegment {
  const first = requireCounter(`${field}.first`, message.first);
  const last = requireNumber(`${field}.last`, message.last, { min: first });
  return {
    log: dictionary.log(`${field}.log`, message.log),
    first,
    last,
    entries: readEntries(dictionary, field, message, { first, last, answered }),
    committedAtMs: requireTimeMs(`${field}.committed_at_ms`, message.committedAtMs),
    requestId: optionalText(`${field}.request_id`, message.requestId, MAX_REQUEST_ID_CHARACTERS),
    closes: message.closes,
  };
}

interface Stretch { readonly first: number; readonly last: number; readonly answered: ReadonlySet<ResourceKey> }

function readEntries(dictionary: DictionaryReader, field: string, { counters, keys }: WireSegment, { first, last, answered }: Stretch): readonly LogEntry[] {
  requireList(`${field}.counters`, counters, MAX_ENTRIES);
  if (counters.length !== keys.length) throw new WireError(`${field}.keys`, `has ${keys.length.toString()} items`, `one for each of the ${counters.length.toString()} counters`);
  let least = first;
  return counters.map((value, at) => {
    const counter = requireNumber(`${field}.counters[${at.toString()}]`, value, { min: least, max: last });
    least = counter + 1;
    const key = dictionary.key(`${field}.keys[${at.toString()}]`, keys[at] ?? 0);
    if (!answered.has(key)) throw new WireError(`${field}.keys[${at.toString()}]`, `${key} has no answer in the page`, 'a key that the page answers');
    return { counter, key };
  });
}
