export type { Delivery, LinkName } from './global-table.ts';
export { GlobalTable } from './global-table.ts';
export { MemoryStore } from './memory-store.ts';
export { SimulatedLedger } from './simulated-ledger.ts';
export type { Tables } from './tables.ts';
export { tornBackup } from './tables.ts';
