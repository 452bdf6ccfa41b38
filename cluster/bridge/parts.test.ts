import { describe, expect, test } from 'vitest';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Hash, ResourceKey } from '../../shared/model/ids.ts';
import { silentLogger } from '../../shared/ports/logger.ts';
import type { ApplyException, Target } from '../../shared/ports/region.ts';
import { splitKey } from '../../shared/model/resource-key.ts';
import { backoffMs } from './backoff.ts';
import { DeadlineError, withDeadline } from '../../shared/replica/deadline.ts';
import { DirtyKeys } from './dirty-keys.ts';
import { Exceptions } from './exceptions.ts';
import { Flaps } from './flaps.ts';
import { KeyWork } from './key-work.ts';
import { DIRTY_KEYS, KEPT_TARGET_BYTES, SETTLED_KEYS, STATUS_FAILURES_TOLD, STATUS_INTERVAL_MS } from './limits.ts';
import { Notifier } from './notifier.ts';
import type { Cluster, WriteRequest } from './cluster-port.ts';
import { carryEdit } from './reshaping.ts';
import { Settle } from './settle.ts';
import type { SettleParts } from './settle.ts';
import { SettledStates } from './settled-states.ts';
import { ShownContents } from './shown-contents.ts';
import type { StatusParts } from './status-writer.ts';
import { writeStatusRegularly } from './status-writer.ts';

/** Time that moves when it is told to. */
class ManualClock implements Clock {
  #nowMs = 0;
  #sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];
  nowMs(): number { return this.#nowMs; }
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#sleepers.push({ atMs: this.#nowMs + ms, wake: resolve });
      signal?.addEventListener('abort', () => { reject(signal.reason as Error); }, { once: true });
    });
  }
  async advance(ms: number): Promise<void> {
    this.#nowMs += ms;
    for (const { wake } of this.#sleepers.filter(({ atMs }) => atMs <= this.#nowMs)) wake();
    this.#sleepers = this.#sleepers.filter(({ atMs }) => atMs > this.#nowMs);
    await turns();
  }
}
const turns = async (): Promise<void> => { for (let at = 0; at < 20; at += 1) await Promise.resolve(); };
const key = (name: string): ResourceKey => `g/K/n/${name}` as ResourceKey;
const zero = { bytes: (length: number) => new Uint8Array(length) };
const full = { bytes: (length: number) => new Uint8Array(length).fill(255) };

describe('KeyWork', () => {
  /** Tasks that end when told. */
  function gates(): { readonly log: string[]; readonly task: (name: string) => () => Promise<void>; readonly open: (name: string) => Promise<void> } {
    const log: string[] = [];
    const opens = new Map<string, () => void>();
    return {
      log,
      task: (name) => () => new Promise((resolve) => { log.push(`+${name}`); opens.set(name, () => { log.push(`-${name}`); resolve(); }); }),
      open: async (name) => { opens.get(name)?.(); await turns(); },
    };
  }

  test('runs one task at a time for each name, in order, and others meanwhile', async () => {
    const work = new KeyWork<string>(10);
    const { log, task, open } = gates();
    void work.run('a', task('a1'));
    void work.run('a', task('a2'));
    void work.run('b', task('b1'));
    await turns();
    expect(log).toEqual(['+a1', '+b1']);
    await open('a1');
    expect(log).toEqual(['+a1', '+b1', '-a1', '+a2']);
  });

  test('runs at most as many as it may; whoever waits for another of its name takes no place', async () => {
    const work = new KeyWork<string>(2);
    const { log, task, open } = gates();
    for (const name of ['a1', 'a2', 'b1', 'c1']) void work.run(name.charAt(0), task(name));
    await turns();
    expect(log).toEqual(['+a1', '+b1']);
    await open('b1');
    expect(log).toEqual(['+a1', '+b1', '-b1', '+c1']);
    await open('a1');
    expect(log.at(-1)).toBe('+a2');
  });

  test('lets a task rest for its time, but not while another of its name waits', async () => {
    const work = new KeyWork<string>(10);
    const clock = new ManualClock();
    const { log, task, open } = gates();
    const resting = (name: string) => async (): Promise<void> => { log.push(`+${name}`); await work.rest('a', 25, clock, new AbortController().signal); log.push(`-${name}`); };
    void work.run('a', resting('a1'));
    await turns();
    await clock.advance(24);
    expect(log).toEqual(['+a1']);
    await clock.advance(1);
    void work.run('a', resting('a2'));
    await turns();
    expect(log).toEqual(['+a1', '-a1', '+a2']);
    void work.run('a', task('a3'));
    await turns();
    expect(log).toEqual(['+a1', '-a1', '+a2', '-a2', '+a3']);
    for (const next of [resting('a4'), task('a5')]) void work.run('a', next);
    await open('a3');
    expect(log.slice(-3)).toEqual(['+a4', '-a4', '+a5']);
  });

  test('goes on after a task that failed, and tells when all is done', async () => {
    const work = new KeyWork<string>(1);
    const failed = work.run('a', () => Promise.reject(new Error('no')));
    const after = work.run('a', () => Promise.resolve('yes'));

    await expect(failed).rejects.toThrow('no');
    await expect(after).resolves.toBe('yes');
    await work.idle();
    expect(work.pending).toBe(0);
  });
});

describe('Notifier', () => {
  test('keeps a notice for whoever waits next, and makes several one', async () => {
    const notifier = new Notifier();
    notifier.notify();
    notifier.notify();
    await notifier.wait(new AbortController().signal);
    const waiting = new AbortController();
    const next = notifier.wait(waiting.signal);
    waiting.abort(new Error('stop'));

    await expect(next).rejects.toThrow('stop');
  });

  test('waits at most as long as it is told', async () => {
    const clock = new ManualClock();
    const notifier = new Notifier();
    let woken = false;
    void notifier.waitAtMost(100, clock, new AbortController().signal).then(() => { woken = true; });
    await clock.advance(99);
    expect(woken).toBe(false);
    await clock.advance(1);
    expect(woken).toBe(true);
  });
});

describe('withDeadline', () => {
  test('gives up on a call that ignores its signal', async () => {
    const clock = new ManualClock();
    const call = withDeadline(clock, 1000, new AbortController().signal, 'pull', () => new Promise(() => undefined));
    const outcome = expect(call).rejects.toThrow(DeadlineError);
    await clock.advance(1000);
    await outcome;
  });

  test('passes on the caller\'s abort and the call\'s own error', async () => {
    const clock = new ManualClock();
    const caller = new AbortController();
    const call = withDeadline(clock, 1000, caller.signal, 'pull', (signal) => new Promise((_resolve, reject) => { signal.addEventListener('abort', () => { reject(signal.reason as Error); }); }));
    caller.abort(new Error('stopped'));
    await expect(call).rejects.toThrow('stopped');

    await expect(withDeadline(clock, 1000, new AbortController().signal, 'pull', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  });
});

describe('Exceptions', () => {
  const exception = (name: string, message = 'm', kind: ApplyException['kind'] = 'not-shown'): ApplyException => ({ key: key(name), kind, reason: 'R', message });
  const target = (name: string, bytes: number) => ({ key: key(name), show: { kind: 'live' as const, hash: '' as never, content: 'x'.repeat(bytes), token: '' }, before: { kind: 'nothing' as const } });

  test('come due later and later, at most every half minute', async () => {
    const clock = new ManualClock();
    const exceptions = new Exceptions(clock, full);
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      exceptions.put(exception('a'), undefined);
      const from = clock.nowMs();
      while (exceptions.takeDue(10).length === 0) await clock.advance(500);
      waits.push(clock.nowMs() - from);
    }

    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  test('are given out once until they are put again, and all at once after an outage', () => {
    const clock = new ManualClock();
    const exceptions = new Exceptions(clock, zero);
    exceptions.put(exception('a'), undefined);
    exceptions.makeDue();
    expect(exceptions.takeDue(10)).toEqual([key('a')]);
    expect(exceptions.takeDue(10)).toEqual([]);
    exceptions.makeDue();
    expect(exceptions.takeDue(10)).toEqual([key('a')]);
  });

  test('are reported when they come, change or go, and not again for saying the same', () => {
    const exceptions = new Exceptions(new ManualClock(), zero);
    exceptions.put(exception('a'), undefined);
    exceptions.put(exception('b'), undefined);
    expect(exceptions.takeReport(10)).toEqual({ exceptions: [exception('a'), exception('b')], cleared: [] });
    exceptions.put(exception('a'), undefined);
    exceptions.put(exception('b', 'other'), undefined);
    exceptions.put(exception('a', 'm', 'not-sent'), undefined);
    exceptions.clear(key('c'));
    exceptions.clear(key('d'), true);
    expect(exceptions.takeReport(10)).toEqual({ exceptions: [exception('b', 'other'), exception('a', 'm', 'not-sent')], cleared: [key('d')] });
  });

  test('of a passing trouble are tried again but not listed, until they are', () => {
    const exceptions = new Exceptions(new ManualClock(), zero);
    expect(exceptions.put(exception('a'), undefined, false)).toBe(false);
    expect(exceptions.put(exception('b'), undefined, false)).toBe(false);
    exceptions.clear(key('b'));
    expect(exceptions.failures(key('a'))).toBe(1);
    expect(exceptions.takeReport(10)).toEqual({ exceptions: [], cleared: [] });
    expect(exceptions.put(exception('a'), undefined)).toBe(true);
    exceptions.put(exception('a'), undefined, false);
    expect(exceptions.takeReport(10)).toEqual({ exceptions: [exception('a')], cleared: [] });
    exceptions.clear(key('a'));
    expect(exceptions.takeReport(10)).toEqual({ exceptions: [], cleared: [key('a')] });
  });

  test('of a report that did not arrive are reported again, as they are by then', () => {
    const exceptions = new Exceptions(new ManualClock(), zero);
    exceptions.put(exception('a'), undefined);
    exceptions.put(exception('b'), undefined);
    const lost = exceptions.takeReport(10);
    exceptions.clear(key('a'));
    exceptions.giveBack(lost);

    expect(exceptions.takeReport(10)).toEqual({ exceptions: [exception('b')], cleared: [key('a')] });
  });

  test('keep what is to be shown only as long as it is not too much', () => {
    const exceptions = new Exceptions(new ManualClock(), zero);
    const half = KEPT_TARGET_BYTES / 2;
    exceptions.put(exception('a'), target('a', half));
    exceptions.put(exception('b'), target('b', half));
    exceptions.put(exception('c'), target('c', 1));
    expect(exceptions.target(key('c'))).toBeUndefined();
    exceptions.clear(key('a'));
    exceptions.put(exception('c'), target('c', 1));
    expect(exceptions.target(key('c'))).toBeDefined();
  });
});

describe('bounds', () => {
  test('of changed names: too many are forgotten, and that is not', () => {
    const dirty = new DirtyKeys();
    dirty.add(Array.from({ length: DIRTY_KEYS }, (_, at) => key(at.toString())));
    expect(dirty.takeOverflow()).toBe(false);
    dirty.add([key('more')]);
    expect(dirty.size).toBe(0);
    expect(dirty.takeOverflow()).toBe(true);
    expect(dirty.takeOverflow()).toBe(false);
  });

  test('of settled states: the oldest is forgotten', () => {
    const settled = new SettledStates();
    for (let at = 0; at <= SETTLED_KEYS; at += 1) settled.put(key(at.toString()), { kind: 'gone' });
    expect(settled.isGone(key('0'))).toBe(false);
    expect(settled.isGone(key('1'))).toBe(true);
  });

  test('of a backoff: between half and all of what has doubled, up to its cap', () => {
    const limits = { firstMs: 250, capMs: 15_000 };
    expect([0, 1, 2, 10, 1000].map((attempt) => backoffMs(limits, attempt, zero))).toEqual([125, 250, 500, 7500, 7500]);
    expect(backoffMs(limits, 1000, full)).toBeGreaterThan(14_999);
  });
});

describe('a status that cannot be written', () => {
  test('is told once when it stands still, and again after it was written in between', async () => {
    const [clock, stop] = [new ManualClock(), new AbortController()];
    const warned: unknown[] = [];
    let isLost = true;
    const region = { reportStatus: () => (isLost ? Promise.reject(new Error('out of range')) : Promise.resolve({ status: undefined, statusHash: 'h' })) };
    const logger = { ...silentLogger, warn: (event: string, fields?: object) => { warned.push([event, fields]); } };
    const parts = { region, clock, logger, version: 'test', soon: new Notifier(), numbers: () => ({ objects: 0, dirty: 0 }) } as unknown as StatusParts;
    void writeStatusRegularly(parts, stop.signal).catch(() => undefined);
    const looks = async (count: number): Promise<void> => { for (let look = 0; look < count; look += 1) { await turns(); await clock.advance(STATUS_INTERVAL_MS); } };

    await looks(3 * STATUS_FAILURES_TOLD);
    expect(warned).toEqual([['status-not-written', { failures: STATUS_FAILURES_TOLD, error: 'out of range' }]]);
    isLost = false;
    await looks(1);
    isLost = true;
    await looks(STATUS_FAILURES_TOLD);
    expect(warned).toHaveLength(2);
    stop.abort();
  });
});

describe('carryEdit', () => {
  const carried = (shown: unknown, here: unknown, now: unknown): unknown => JSON.parse(carryEdit(JSON.stringify(shown), JSON.stringify(here), JSON.stringify(now)).text);

  test('sends no defaults, and keeps what this cluster cannot hold', () => {
    const shown = { spec: { name: 'a', fresh: 1 } };
    const here = { spec: { name: 'a', timeout: 30 } };

    expect(carried(shown, here, { spec: { name: 'b', timeout: 30 } })).toEqual({ spec: { name: 'b', fresh: 1 } });
    expect(carried(shown, here, { spec: { name: 'a', timeout: 60 } })).toEqual({ spec: { name: 'a', fresh: 1, timeout: 60 } });
    expect(carried(shown, here, { spec: { timeout: 30 } })).toEqual({ spec: { fresh: 1 } });
    expect(carried(shown, here, { spec: { name: 'a' } })).toEqual({ spec: { name: 'a', fresh: 1 } });
  });

  test('does so inside lists, item by item', () => {
    const shown = { rules: [{ name: 'a', fresh: 1 }, { name: 'b' }] };
    const here = { rules: [{ name: 'a', weight: 1 }, { name: 'b', weight: 1 }] };

    expect(carried(shown, here, { rules: [{ name: 'a', weight: 1 }, { name: 'c', weight: 1 }] })).toEqual({ rules: [{ name: 'a', fresh: 1 }, { name: 'c' }] });
    expect(carried(shown, here, { rules: [{ name: 'b', weight: 1 }] })).toEqual({ rules: [{ name: 'b' }] });
    expect(carried(shown, here, { rules: [{ name: 'b', weight: 1 }, { name: 'a', weight: 1 }, { name: 'x' }] })).toEqual({ rules: [{ name: 'b' }, { name: 'a', fresh: 1 }, { name: 'x' }] });
  });

  test('is what was shown where nobody edited', () => {
    expect(carried({ a: 1, b: 2 }, { a: 1, c: 3 }, { a: 1, c: 3 })).toEqual({ a: 1, b: 2 });
  });
});

describe('Settle', () => {
  const hash = 'a'.repeat(64) as Hash;
  const target = (token: string): Target => ({ key: key('a'), show: { kind: 'live', hash, content: '{}', token }, before: { kind: 'nothing' } });

  /** One object, agreed on with the token `new`; what is asked of region and cluster is noted. */
  function agreed(more: Partial<Cluster> = {}, answer: object = { key: key('a'), outcome: 'unchanged', target: undefined }): { readonly settle: Settle; readonly settled: SettledStates; readonly done: string[] } {
    const done: string[] = [];
    const settled = new SettledStates();
    const object = { key: key('a'), uid: 'u', resourceVersion: '1', content: { text: '{}', hash }, token: 'new' };
    const cluster = {
      reshapes: false, createsUnseen: true, isAsLeft: () => false,
      read: () => { done.push('read'); return Promise.resolve({ kind: 'live', object }); },
      writeToken: (_key: ResourceKey, token: string) => { done.push(`token ${token}`); return Promise.resolve({ kind: 'ok' }); },
      write: ({ key: made, replaces }: WriteRequest) => { done.push(`${replaces === undefined ? 'create' : 'replace'} ${splitKey(made).name}`); return Promise.resolve({ kind: 'ok' }); },
      ...more,
    };
    const committer = { submit: () => { done.push('sent'); return Promise.resolve(answer); } };
    const rest = (): Promise<void> => { done.push('rest'); return Promise.resolve(); };
    const parts = { cluster, committer, region: {}, settled, shown: new ShownContents(), flaps: new Flaps(new ManualClock()), rest, logger: silentLogger, signal: new AbortController().signal } as unknown as SettleParts;
    settled.put(key('a'), { kind: 'live', hash, token: 'new', shown: hash });
    return { settle: new Settle(parts), settled, done };
  }

  test('asks again where both agreed after the region was asked: an older token would make an old copy of it', async () => {
    const { settle, settled, done } = agreed();

    await settle.show(target('old'), settled.moment - 1);

    expect(done).toEqual(['read', 'sent']);
  });

  test('sends an edit back to what the region still believes is there', async () => {
    const { settle, settled, done } = agreed();
    settled.put(key('a'), { kind: 'live', hash: 'b'.repeat(64) as Hash, token: 'newer', shown: 'b'.repeat(64) as Hash });

    await settle.show({ key: key('a'), show: { kind: 'live', hash: 'c'.repeat(64) as Hash, content: '{}', token: 'newest' }, before: { kind: 'live', hash } }, settled.moment);

    expect(done).toEqual(['read', 'sent']);
  });

  test('shows what was asked for since, and has nothing to do where it is there', async () => {
    const { settle, settled, done } = agreed();

    await settle.show(target('newer'), settled.moment);
    await settle.show(target('new'), settled.moment - 2);

    expect(done).toEqual(['read', 'token newer', 'read']);
  });

  test('does not look at what is as our own write left it, told back', async () => {
    const { settle, settled, done } = agreed({ isAsLeft: () => true });

    expect(await settle.observe(key('a'), 'skip')).toEqual({ kind: 'settled', change: 'none' });
    expect(await settle.show(target('new'), settled.moment)).toEqual({ kind: 'settled', change: 'none' });
    expect(done).toEqual([]);
    await settle.observe(key('a'), 'send');
    await settle.show(target('newer'), settled.moment);

    expect(done).toEqual(['read', 'sent', 'read', 'token newer']);
  });

  test('rests between an edit\'s commit and its token, and not where the object is to become another', async () => {
    const committed = agreed({}, { key: key('a'), outcome: 'committed', target: target('newer') });
    await committed.settle.observe(key('a'), 'send');
    const merged = agreed({}, { key: key('a'), outcome: 'committed', target: { ...target('newer'), show: { kind: 'live', hash: 'b'.repeat(64), content: '{}', token: 'newer' } } });
    await merged.settle.observe(key('a'), 'send');

    expect(committed.done).toEqual(['read', 'sent', 'rest', 'token newer']);
    expect(merged.done).toEqual(['read', 'sent', 'replace a']);
  });

  test('makes without a look what nobody has reason to expect, and looks where that is refused', async () => {
    const unseen: Target = { ...target('first'), key: key('b') };
    const made = agreed();
    await made.settle.show(unseen, 0);
    const refused = agreed({ write: () => Promise.resolve({ kind: 'conflict' }) });
    await refused.settle.show(unseen, 0);
    const expected = agreed();
    expected.settled.listed([key('b')]);
    await expected.settle.show(unseen, 0);
    const looking = agreed({ createsUnseen: false });
    await looking.settle.show(unseen, 0);

    expect(made.done).toEqual(['create b']);
    for (const { done } of [refused, expected, looking]) expect(done[0]).toBe('read');
  });
});
