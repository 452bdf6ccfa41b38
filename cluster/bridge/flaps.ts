import { parseContent } from '../../shared/model/content.ts';
import { formatDuration } from '../../shared/model/duration.ts';
import { editBetween, leavesOf } from '../../shared/model/fields.ts';
import type { Hash, ResourceKey } from '../../shared/model/ids.ts';
import { splitKey } from '../../shared/model/resource-key.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import { FLAP_CALM_MS, FLAP_FIELDS, FLAP_KEYS, FLAP_TIMES, FLAP_WINDOW_MS } from './limits.ts';

/** What an object says; `text` is its canonical content, `by` who wrote it last, where that is known. */
export interface Said { readonly hash: Hash; readonly text: string; readonly by?: string | undefined }

interface Record {
  /** What this cluster said last. */
  readonly hash: Hash;
  /** When it said the same again, each time after it was shown something else. */
  readonly againMs: readonly number[];
  /** What it was shown since; the text only of what has come back before. */
  readonly other: { readonly text: string | undefined } | undefined;
  readonly held: { readonly untilMs: number; readonly why: string } | undefined;
}

/**
 * Notices objects that are written back and forth (DESIGN §11): a tool here makes an object what it should be, a tool elsewhere makes
 * it something else, for ever. One that has said the same again FLAP_TIMES times within FLAP_WINDOW_MS, each time after it was shown
 * something else, is held for FLAP_CALM_MS. Anything else that it says is sent, so a person's edit goes out. Lost with the process.
 */
export class Flaps {
  readonly #clock: Clock;
  readonly #records = new Map<ResourceKey, Record>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The federation took this from the cluster. What a spoke says it never takes, and puts it back each time. */
  sent(key: ResourceKey, hash: Hash): void {
    if (this.#records.get(key)?.hash !== hash) this.#put(key, { hash, againMs: [], other: undefined, held: undefined });
  }

  /** Something from elsewhere was put in the place of what the cluster had. */
  shown(key: ResourceKey, { hash, text }: Said): void {
    const record = this.#records.get(key);
    if (record === undefined || record.hash === hash) return;
    this.#put(key, { ...record, other: { text: record.againMs.length > 0 ? text : undefined } });
  }

  /** The cluster says this, and it is about to be sent. Returns why it should not be; the same sentence for as long as it is held. */
  holds(key: ResourceKey, said: Said): string | undefined {
    const nowMs = this.#clock.nowMs();
    const record = this.#records.get(key);
    if (record?.hash !== said.hash) return undefined;
    if (record.held !== undefined && nowMs < record.held.untilMs) return record.held.why;
    if (record.other === undefined) return undefined;
    const againMs = [...record.againMs.filter((atMs) => nowMs - atMs < FLAP_WINDOW_MS), nowMs].slice(-FLAP_TIMES);
    const held = againMs.length < FLAP_TIMES ? undefined : { untilMs: nowMs + FLAP_CALM_MS, why: sentence(key, againMs, record.other.text, said) };
    this.#put(key, { hash: said.hash, againMs, other: undefined, held });
    return held?.why;
  }

  #put(key: ResourceKey, record: Record): void {
    this.#records.delete(key);
    this.#records.set(key, record);
    if (this.#records.size <= FLAP_KEYS) return;
    const [oldest] = this.#records.keys();
    if (oldest !== undefined) this.#records.delete(oldest);
  }
}

function sentence(key: ResourceKey, againMs: readonly number[], theirs: string | undefined, { text, by }: Said): string {
  const fields = theirs === undefined ? '' : ` (${fieldsBetween(key, theirs, text)})`;
  const [firstMs = 0, lastMs = 0] = [againMs.at(0), againMs.at(-1)];
  return `it is written back and forth${fields}: ${againMs.length.toString()} times in ${formatDuration(lastMs - firstMs)} ${by === undefined ? 'something here' : `the field manager "${by}"`} has written the same here, after another member had written something else. `
    + `What is here is not sent for ${formatDuration(FLAP_CALM_MS)}, and stays; let one of the two tools leave the object alone, or its namespace out of the federation (spec.sync.excludeNamespaces)`;
}

function fieldsBetween(key: ResourceKey, theirs: string, ours: string): string {
  const { kind } = splitKey(key);
  const [before, after] = [theirs, ours].map((text) => leavesOf(kind, parseContent(text)));
  if (before === undefined || after === undefined) return '';
  const { changed, removed } = editBetween(before, after);
  const paths = [...new Set([...changed, ...removed])];
  return [...paths.slice(0, FLAP_FIELDS).map((path) => path.replaceAll('/', '.')), ...(paths.length > FLAP_FIELDS ? ['…'] : [])].join(', ');
}
