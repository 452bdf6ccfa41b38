import { typicalRoute } from '../shared/adapters/stored/typical-row.ts';
import { asClusterId } from '../shared/model/ids.ts';
import type { ResourceKey } from '../shared/model/ids.ts';
import { resourceKey } from '../shared/model/resource-key.ts';
import type { Observation, Region } from '../shared/ports/region.ts';
import { regionOf } from '../shared/replica/region.ts';
import type { Replica } from '../shared/replica/replica.ts';

const never = new AbortController().signal;
const IDENTITY = { clusterId: asClusterId('0f8fad5b-d9cb-469f-a165-70867728950e'), leaseEpoch: 1 };

/** The key of a route that the bench writes. */
export const routeKey = (number: number): ResourceKey => resourceKey({ group: 'novaedge.io', kind: 'ProxyRoute', namespace: 'default', name: `route-${number.toString()}` });

/** A cluster whose routes are edited: what a bridge sends to its region, tokens and write sessions included. */
export class Writer {
  readonly #region: Region;
  readonly #tokens = new Map<ResourceKey, string>();
  #session = '';
  #version = 1000;

  constructor(replica: Replica) { this.#region = regionOf(replica); }

  async start(manifest: string): Promise<void> {
    const { accepted, conditions } = await this.#region.putFederation({ ...IDENTITY, manifest, generation: 1, schemaGaps: [] }, never);
    if (!accepted) throw new Error(`the spec was refused: ${JSON.stringify(conditions)}`);
    await this.#renewSession();
  }

  /** Edits routes of about a kilobyte, all in one commit; at most 97. @throws Error unless all are committed */
  async edit(numbers: readonly number[]): Promise<void> {
    const observations = numbers.map((number) => this.#observe(number));
    for (let attempt = 0; ; attempt += 1) {
      const answer = await this.#region.commit({ ...IDENTITY, session: this.#session, requestId: `bench-${this.#version.toString()}`, observations }, never);
      if (answer.kind === 'session-expired' && attempt === 0) { await this.#renewSession(); continue; }
      if (answer.kind !== 'done') throw new Error(`the commit was answered ${answer.kind}`);
      for (const result of answer.results) {
        if (result.outcome !== 'committed') throw new Error(`${result.key}: ${JSON.stringify(result)}`);
        if (result.target?.show.kind === 'live') this.#tokens.set(result.key, result.target.show.token);
      }
      return;
    }
  }

  #observe(number: number): Observation {
    this.#version += 1;
    const key = routeKey(number);
    const content = typicalRoute(number).replace('"timeout":"3s"', `"timeout":"${this.#version.toString()}ms"`);
    return { key, uid: `uid-${number.toString()}`, resourceVersion: this.#version.toString(), token: this.#tokens.get(key), state: { kind: 'live', content } };
  }

  async #renewSession(): Promise<void> {
    this.#session = (await this.#region.pull({ ...IDENTITY, since: undefined, limit: 1, waitMs: 0 }, never)).session;
  }
}
