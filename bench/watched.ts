import type { HeldRow } from '../shared/model/row.ts';
import type { CommitTransaction, RowPut, Store } from '../shared/ports/store.ts';
import { monotonicMs } from './samples.ts';

/**
 * Notes when writes come to stand in a store: the transaction is done, nobody has been answered yet. By counter, so that it is
 * told apart which writes of the one origin are visible at which moment.
 */
export class Watched {
  readonly #committed = new Map<number, number>();
  readonly #arrived = new Map<number, number>();

  constructor(store: Store) {
    const commit = store.commit.bind(store);
    store.commit = async (transaction: CommitTransaction) => {
      const outcome = await commit(transaction);
      if (outcome === 'ok') for (let counter = transaction.segment.first; counter <= transaction.segment.last; counter += 1) this.#committed.set(counter, monotonicMs());
      return outcome;
    };
    const putRow = store.putRow.bind(store);
    store.putRow = async (put: RowPut) => {
      const outcome = await putRow(put);
      if (outcome === 'ok') this.#note([put]);
      return outcome;
    };
  }

  /** When each own write was committed since this was asked last: milliseconds of the monotonic clock, by counter. */
  takeCommitted(): ReadonlyMap<number, number> { return take(this.#committed); }
  /** When each write of the other member stood here. */
  takeArrived(): ReadonlyMap<number, number> { return take(this.#arrived); }

  #note(puts: readonly RowPut[]): void {
    const atMs = monotonicMs();
    for (const { next } of puts) if (next !== 'drop') for (const counter of countersIn(next)) if (!this.#arrived.has(counter)) this.#arrived.set(counter, atMs);
  }
}

const countersIn = ({ siblings }: HeldRow): readonly number[] => siblings.map(({ dot }) => dot.counter);

function take(times: Map<number, number>): ReadonlyMap<number, number> {
  const taken = new Map(times);
  times.clear();
  return taken;
}
