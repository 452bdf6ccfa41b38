import type { SqliteLedger } from '../../shared/adapters/sqlite/index.ts';

/** Carries everything between all of these ledgers, as their replicators would in time. */
export function carry(ledgers: readonly SqliteLedger[]): void {
  // Twice, so that what one took in from another reaches the third.
  for (let round = 0; round < 2; round += 1) {
    for (const from of ledgers) for (const to of ledgers) if (from !== to) carryOne(from, to);
  }
}

function carryOne(from: SqliteLedger, to: SqliteLedger): void {
  let page = from.changesAfter(undefined, 100);
  to.applyRemote(page.items);
  while (page.more) {
    page = from.changesAfter(page.cursor, 100);
    to.applyRemote(page.items);
  }
}
