import type { BusEvent } from '../../shared/adapters/eventbridge/index.ts';
import { EVENT_VERSION } from '../../shared/adapters/eventbridge/event-schema.ts';
import type { Job } from '../names.ts';
import { EVENT_SOURCE, JOBS, TICK_EVENT } from '../names.ts';
import type { Environment } from '../environment.ts';
import type { PlannedTick } from './plan.ts';

/** The event that starts a job. */
export const tickEvent = ({ federationId, member }: Pick<Environment, 'federationId' | 'member'>, tick: PlannedTick, correlationId: string): BusEvent =>
  ({ source: EVENT_SOURCE, detailType: TICK_EVENT, detail: { version: EVENT_VERSION, federation: federationId, member, ...tick, correlationId } });

/** A message of the queue of delayed ticks; undefined for what is none. */
export function tickOf(body: string): PlannedTick | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { job, atMs } = value as Readonly<Record<string, unknown>>;
  return isJob(job) && typeof atMs === 'number' ? { job, atMs } : undefined;
}

const isJob = (name: unknown): name is Job => (JOBS as readonly unknown[]).includes(name);
