/** A member as the control server tells of it; the whole contract stands in cli/local-control.ts, and a test holds the two together. */
export interface LocalMember {
  readonly name: string;
  /** `failed`: it ended without being told to. */
  readonly state: 'running' | 'starting' | 'stopped' | 'failed';
  readonly endpoint: string;
  readonly folder: string;
  readonly pid: number | null;
  readonly error: string | null;
}

/** Two members that cannot reach each other. */
export interface LocalLink { readonly a: string; readonly b: string; readonly rpcOnly: boolean }
