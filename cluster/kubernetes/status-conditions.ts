import type { Json, JsonObject } from '../../shared/model/content.ts';
import { isObject } from '../../shared/model/content.ts';
import type { Condition } from '../../shared/ports/region.ts';

export type OwnCondition = Condition;

/** A definition takes no longer text. */
const MAX_MESSAGE = 32_768;

/**
 * Conditions as Kubernetes writes them: each type once, with the time since when it says what it says. Those of others are kept.
 *
 * @param before the list that is there
 */
export function mergeConditions(before: Json | undefined, own: readonly Condition[], generation: number, nowMs: number): readonly JsonObject[] {
  const known = new Map((Array.isArray(before) ? before.filter(isObject) : []).map((condition) => [condition['type'], condition]));
  const written = new Map(own.map((condition) => [condition.type, withTimes(condition, known.get(condition.type), generation, nowMs)]));
  const others = [...known.values()].filter(({ type }) => typeof type === 'string' && !written.has(type) && !OURS.includes(type));
  return [...written.values(), ...others];
}

/** Written by the bridge alone: such a one that is not said any more is over. */
const OURS: readonly unknown[] = ['Ready', 'Synced', 'Partitioned', 'ConflictsPending', 'ConfigurationValid', 'FencingNotActive', 'FollowsHub', 'HubSpecValid', 'SharedSettings', 'CertificatesValid', 'KindsServed'];

function withTimes({ type, status, reason, message }: Condition, before: JsonObject | undefined, generation: number, nowMs: number): JsonObject {
  const since = before?.['status'] === status && typeof before['lastTransitionTime'] === 'string' ? before['lastTransitionTime'] : `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
  return { type, status, reason, message: message.slice(0, MAX_MESSAGE), observedGeneration: generation, lastTransitionTime: since };
}
