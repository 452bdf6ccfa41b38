import type { Json } from '../model/content.ts';
import type { FederationSpec } from '../model/federation-spec.ts';
import type { QuietMemory } from './quiet.ts';
import type { Settings } from './settings.ts';

/** What a process keeps between calls, to read and parse less often. Whoever begins with none does the same, only slower. */
export interface ProcessMemory {
  /** The settings last read. */
  settings: { readonly settings: Settings; readonly readAtMs: number } | undefined;
  /** The manifest last parsed, which changes far less often. */
  parsed?: { readonly manifest: string; readonly spec: FederationSpec };
  /** Where a pull found nothing new. */
  quiet?: QuietMemory;
  /** What was last read from each document of records. */
  records?: Map<string, { readonly value: Json; readonly record: unknown }>;
}

/** The memory of a process that has just begun. */
export const newProcessMemory = (): ProcessMemory => ({ settings: undefined });

/**
 * What a document says. A store in memory hands out the very value that was put until it changes, and what was read from that or noted
 * for it is not read again; from other stores every value comes anew.
 *
 * @param read always the same for a name
 */
export function recordOf<Made>(memory: ProcessMemory, name: string, value: Json, read: (value: Json) => Made): Made {
  const last = memory.records?.get(name);
  if (last?.value === value) return last.record as Made;
  return noteRecord(memory, name, value, read(value));
}

/** Notes what a value says that is about to be put. Returns it. */
export function noteRecord<Made>(memory: ProcessMemory, name: string, value: Json, record: Made): Made {
  (memory.records ??= new Map()).set(name, { value, record });
  return record;
}
