import type { FederationEvent } from '../../ports/events.ts';

/** Everything on the bus has this source. */
export const EVENT_SOURCE = 'novaedge.federation';
/** Of `detail`. A field is added without a new version; whoever reads it ignores what it does not know. */
export const EVENT_VERSION = 1;

/** Who tells, beside what is told. `member` of an event about another member is `about`. */
export interface EventOrigin { readonly federation: string; readonly member: string; readonly atMs: number; readonly correlationId: string | undefined }

/** An event as it goes on the bus; undefined for those that concern nobody outside the process. */
export function busEventOf(event: FederationEvent, { federation, member, atMs, correlationId }: EventOrigin): { readonly detailType: string; readonly detail: Readonly<Record<string, unknown>> } | undefined {
  if (event.kind === 'RowsChanged') return undefined;
  const { kind, ...told } = event;
  const about = 'member' in told ? { about: told.member } : {};
  return { detailType: kind, detail: { ...told, ...about, version: EVENT_VERSION, federation, member, atMs, ...(correlationId !== undefined && { correlationId }) } };
}
