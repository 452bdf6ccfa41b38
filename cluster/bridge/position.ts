import type { VersionVector } from '../../shared/model/version-vector.ts';
import type { BridgePullResponse } from '../../shared/ports/region.ts';
import type { Sessions } from './committer.ts';
import { PULL_TARGETS } from './limits.ts';
import type { RegionCaller } from './region-caller.ts';

/** Where the bridge is in the region's log, and the write session that came with the last pull. In memory only. */
export class Position implements Sessions {
  readonly #region: RegionCaller;
  #since: VersionVector | undefined;
  #session: string | undefined;
  #renewal: Promise<string> | undefined;
  /** Something was reported after the session was given. */
  #isSessionOld = false;

  constructor(region: RegionCaller) {
    this.#region = region;
  }

  /** Asks what changed since the last page that was applied, waiting for a change if there is none. */
  async pull(waitMs: number, signal: AbortSignal): Promise<BridgePullResponse> {
    const page = await this.#region.pull({ since: this.#since, limit: PULL_TARGETS, waitMs }, signal);
    this.#keep(page.session);
    return page;
  }

  moveTo(upTo: VersionVector): void { this.#since = upTo; }

  noteReported(): void { this.#isSessionOld = true; }

  current(newest: boolean): string | undefined { return newest && this.#isSessionOld ? undefined : this.#session; }

  /** Several commits that find their session expired ask for one new one. What the pull tells is told again to whoever pulls next. */
  renew(signal: AbortSignal): Promise<string> {
    this.#renewal ??= this.#region.pull({ since: this.#since, limit: 1, waitMs: 0 }, signal)
      .then(({ session }) => this.#keep(session))
      .finally(() => { this.#renewal = undefined; });
    return this.#renewal;
  }

  #keep(session: string): string {
    this.#session = session;
    this.#isSessionOld = false;
    return session;
  }
}
