import { GlobalTable, MemoryStore } from '../../shared/adapters/memory/index.ts';
import type { StoreFactory } from '../../shared/ports/store-acceptance.ts';
import { STORE_MEMBER } from '../../shared/ports/store-acceptance.ts';

/** Empty stores in memory: under test themselves, and what the others are compared with. */
export const memoryStore: StoreFactory = async () => ({
  store: new MemoryStore(new GlobalTable(() => 0).replica(STORE_MEMBER)),
  close: async () => undefined,
});
