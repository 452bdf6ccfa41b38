import type { Clock, Random } from '../../shared/ports/clock.ts';
import type { Logger } from '../../shared/ports/logger.ts';
import type { KubeClient } from './client.ts';
import type { Discovery } from './discovery.ts';
import type { KnownObjects } from './known-objects.ts';
import type { LastSeen } from './last-seen.ts';
import type { ServedGaps } from './schema-gaps.ts';
import type { Scopes } from './scope.ts';

/** What the adapter's parts share. */
export interface Parts {
  readonly client: KubeClient;
  readonly discovery: Discovery;
  readonly scopes: Scopes;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The bridge's own: federation object, Secrets and lease are there. */
  readonly namespace: string;
  /** Missing namespaces are made; otherwise what belongs there is an exception. */
  readonly createNamespaces: boolean;
  /** Until when another bridge watched this cluster before us, by its lease; undefined where nobody knows. */
  readonly watchedUntilMs: number | undefined;
  readonly gaps: ServedGaps;
  readonly lastSeen: LastSeen;
  readonly known: KnownObjects;
  /** Labels and annotations that stay local, as they are in force. */
  readonly marks: () => readonly string[];
}
