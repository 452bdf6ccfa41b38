import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contentOf } from '../../model/content.ts';
import { asClusterId, asHash, asIncarnation, asLocalLog, asMember } from '../../model/ids.ts';
import type { LogSegment } from '../../model/log.ts';
import type { Body, HeldRow, Origin, Provenance, Sibling } from '../../model/row.ts';
import type { Write } from '../../model/stamp.ts';
import { fullRow } from '../../ports/store-acceptance/full-row.ts';
import { ALPHA, BETA, clockAt, keyOf, keysOf, liveSibling, rowAt, segmentOf } from '../../ports/store-acceptance/fixtures.ts';
import { pack, StoredFormatError, unpack } from './packed-bytes.ts';
import { packDocument } from './require-fits.ts';
import { decodeBareRow, decodeRow, encodeBareRow, encodeRow } from './row-codec.ts';
import { decodeSegment, encodeSegment } from './segment-codec.ts';
import { decodeClock, decodeDocument, decodeEntries, decodeStamp, decodeVector, encodeClock, encodeEntries, encodeStamp, encodeVector } from './small-codecs.ts';

/** As literals are: with a prototype. */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> => fc.record<T>(model, { noNullPrototype: true });
const counter = fc.oneof(fc.nat(50), fc.nat({ max: Number.MAX_SAFE_INTEGER }));
const incarnation = fc.constantFrom('ione', 'itwo', 'ithree').map(asIncarnation);
// No entry is one of zero.
const vector = fc.array(fc.tuple(incarnation, counter.filter((count) => count > 0))).map((pairs) => new Map(pairs));
const write: fc.Arbitrary<Write> = record({
  dot: record({ incarnation, counter }),
  stamp: record({ ms: counter, counter: fc.nat(), member: fc.constantFrom('', 'us-west', 'eu-west').map(asMember) }),
});
const paths = fc.array(fc.tuple(fc.string({ unit: 'binary' }), write)).map((pairs) => new Map(pairs));
const fields: fc.Arbitrary<Provenance> = record({ base: write, set: paths, removed: paths });
const content = fc.option(fc.oneof(fc.constantFrom('{"same":1}', 'a\ud800'), fc.string({ unit: 'binary', size: 'large' })), { nil: undefined });
const hash = fc.stringMatching(/^[0-9a-f]{64}$/).map(asHash);
const body: fc.Arbitrary<Body> = fc.oneof(fc.constant({ kind: 'deleted' as const }), record({ kind: fc.constant('live' as const), hash, content, bytes: fc.nat(), fields }));
const origin: fc.Arbitrary<Origin> = fc.oneof(fc.constant('operator' as const), fc.uuid().map(asClusterId));
const sibling: fc.Arbitrary<Sibling> = fc.tuple(write, record({ writerContext: vector, covers: fc.array(record({ incarnation, counter })), origin, body })).map(([own, rest]) => ({ ...own, ...rest }));
const maybe = <Value>(of: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> => fc.option(of, { nil: undefined });
const heldRow: fc.Arbitrary<HeldRow> = record({
  context: vector,
  siblings: fc.array(sibling, { maxLength: 4 }),
  local: record({
    revision: counter,
    changedAtMs: counter,
    offLog: maybe(record({ log: fc.constant(asLocalLog('lown')), counter })),
    conflictSinceMs: maybe(counter),
    observed: maybe(record({ clusterId: fc.uuid().map(asClusterId), uid: fc.string(), resourceVersion: fc.string() })),
    shown: maybe(record({ clusterId: fc.uuid().map(asClusterId), context: vector, tokensCover: vector, hash: maybe(hash), content, fields: maybe(fields), reshown: fc.array(hash, { minLength: 1, maxLength: 2 }) })),
    fromOthers: fc.boolean(),
  }),
});
const segment: fc.Arbitrary<LogSegment> = record({
  log: incarnation, first: fc.nat(), last: fc.nat(), entries: fc.array(record({ counter: fc.nat(), key: fc.nat(99).map(keyOf) })),
  committedAtMs: counter, requestId: maybe(fc.string()), closes: fc.boolean(),
});

describe('what is stored', () => {
  test('is read as it was written: rows', () => {
    fc.assert(fc.property(heldRow, (row) => {
      expect(decodeRow('row', encodeRow(row))).toStrictEqual(row);
      expect(decodeBareRow('row', encodeBareRow(row))).toStrictEqual({ context: row.context, siblings: row.siblings });
    }));
  });

  test('is read as it was written: segments', () => {
    fc.assert(fc.property(segment, (one) => { expect(decodeSegment(one.log, encodeSegment(one))).toStrictEqual(one); }));
  });

  test('is read as it was written: the small things', () => {
    const clock = clockAt(7, { closed: new Map([[BETA, 3]]), state: 'recovering' });
    const entries = [{ key: keyOf(1), keyHash: '00ff', digest: 'ab' }];
    expect(decodeClock(encodeClock(clock))).toStrictEqual(clock);
    expect(decodeStamp(encodeStamp(clock.hlc))).toStrictEqual(clock.hlc);
    expect(decodeVector('v', encodeVector(clock.closed))).toStrictEqual(clock.closed);
    expect(decodeEntries(encodeEntries(entries))).toStrictEqual(entries);
    expect(decodeDocument('d', packDocument('d', { a: ['\ud800', null] }))).toStrictEqual({ a: ['\ud800', null] });
  });

  test('holds a content once, whoever refers to it', () => {
    const text = JSON.stringify(Array.from({ length: 200 }, (_, at) => at * 7919 % 1009));
    const [one, two] = [liveSibling(1, text), liveSibling(1, text, BETA)];
    const single = rowAt(1, '', [one]);
    const shown = { clusterId: asClusterId('cluster-1'), context: new Map([[ALPHA, 1]]), tokensCover: new Map([[ALPHA, 1]]), hash: contentOf(text).hash, content: text, fields: undefined };
    const repeated: HeldRow = { ...rowAt(1, '', [one, two]), local: { ...single.local, shown } };

    expect(encodeRow(repeated).length).toBeLessThan(encodeRow(single).length + 60);
  });

  test('says what cannot be read, and why', () => {
    const good = encodeRow(fullRow(1));
    const refused = (bytes: Uint8Array) => () => decodeRow('row of ProxyRoute/default/api', bytes);

    expect(refused(Buffer.alloc(0))).toThrow('row of ProxyRoute/default/api as stored cannot be read: it is empty');
    expect(refused(Buffer.of(99, 1, 2))).toThrow('format 99 is not known here; a newer version may have written it');
    expect(refused(good.subarray(0, good.length - 20))).toThrow(StoredFormatError);
    expect(refused(pack(Buffer.from('[]')))).toThrow('its first line does not end');
    expect(refused(pack(Buffer.from('{]\n')))).toThrow('it is no JSON');
    expect(refused(pack(Buffer.from('[[],[],[],[0,1],[],null]\n')))).toThrow('name 0 is missing');
    expect(refused(pack(Buffer.from('[["ia"],[],[],[0,-1],[],null]\n')))).toThrow('a whole number was expected at position 2, not number');
    expect(refused(pack(Buffer.from('[[],[],[],[],[],null]\n')))).toThrow('its local part is missing');
    expect(refused(pack(Buffer.from('[[],[],[3],[],[],null]\nab')))).toThrow('its contents are 2 bytes long, not 3');
    expect(() => decodeClock('["w","i",[],1,[1,0,"w"],"t",0,"sleeping"]')).toThrow('clock row as stored cannot be read: serving, recovering or left was expected');
  });

  test('never crashes otherwise on damaged bytes', () => {
    const good = encodeRow(fullRow(1));
    fc.assert(fc.property(fc.nat(good.length - 1), fc.nat(255), (at, value) => {
      const damaged = Buffer.from(good);
      damaged[at] = value;
      try {
        decodeRow('row', damaged);
      } catch (error) {
        expect(error).toBeInstanceOf(StoredFormatError);
      }
    }));
  });

  test('is compressed only where that makes it shorter, and not where it is short anyway', () => {
    expect(pack(Buffer.from('x'))).toStrictEqual(Buffer.of(1, 120));
    expect([pack(Buffer.alloc(511))[0], pack(Buffer.alloc(512))[0]]).toEqual([1, 2]);
    expect(unpack('bytes', pack(Buffer.alloc(600)))).toStrictEqual(Buffer.alloc(600));
  });

  test('of fifty entries of a log fits in one write unit', () => {
    expect(encodeSegment(segmentOf(ALPHA, 1_000_001, 1_000_050, keysOf(50), { requestId: '0f8fad5b-d9cb-469f-a165-70867728950e' })).length).toBeLessThan(900);
  });
});
