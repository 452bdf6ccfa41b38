/**
 * How novactl steers a local federation (`npm start`).
 *
 * The local supervisor listens on a unix socket or on a loopback address, and writes where into `DATA/supervisor.json`, which only
 * its user may read:
 *
 *     { "url": "unix:/absolute/path.sock" | "http://127.0.0.1:PORT", "token": "RANDOM" }
 *
 * It removes the file when it stops. Every request carries `authorization: Bearer TOKEN`. Bodies are JSON.
 *
 * | request | body | answer |
 * |---|---|---|
 * | `GET /status` | – | 200, a `LocalStatus` |
 * | `POST /members/NAME/stop`, `POST /members/NAME/start` | – | 200, the member as a `LocalMember`; done when it is answered; the same again changes nothing |
 * | `POST /links` | `{ "a", "b", "cut", "rpcOnly" }` | 200, all cut links as a `LocalLink[]`; done when it is answered |
 *
 * `POST /links` with `cut: true` ends what two members exchange, in both directions: calls, and unless `rpcOnly` also what travels
 * by the ledger (doorbells, deletes). `cut: false` heals both kinds.
 *
 * Errors are 400 (what was asked makes no sense), 401 (wrong token), 404 (no such member), 409 (cannot be done now) and 500, each
 * with `{ "error": "what happened, why, and what to do" }`.
 */
export interface LocalControl {
  localStatus(): Promise<LocalStatus>;
  stopMember(name: string): Promise<LocalMember>;
  startMember(name: string): Promise<LocalMember>;
  cut(a: string, b: string, how: { readonly rpcOnly: boolean }): Promise<readonly LocalLink[]>;
  heal(a: string, b: string): Promise<readonly LocalLink[]>;
}

export interface LocalStatus { readonly federationId: string; readonly members: readonly LocalMember[]; readonly links: readonly LocalLink[] }

export interface LocalMember {
  readonly name: string;
  /** `failed`: it ended without being told to. */
  readonly state: 'running' | 'starting' | 'stopped' | 'failed';
  /** `host:port`. */
  readonly endpoint: string;
  /** The folder that is its cluster. */
  readonly folder: string;
  readonly pid: number | null;
  /** Why it is `failed`. */
  readonly error: string | null;
  /** What is wrong in its folder, a sentence each; empty where it does not run. */
  readonly problems: readonly string[];
}

/** Two members that cannot reach each other. */
export interface LocalLink { readonly a: string; readonly b: string; readonly rpcOnly: boolean }
