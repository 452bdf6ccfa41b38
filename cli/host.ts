import type { Connect } from './connection/connect.ts';
import type { LocalControl } from './local-control.ts';

/** Where text goes. `columns` is undefined where it is no terminal. */
export interface Output { readonly columns: number | undefined; write(text: string): void }

/** Everything of the outside world that novactl uses; a test gives its own. */
export interface Host {
  readonly out: Output;
  readonly err: Output;
  readStdin(): Promise<string>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingFolder: string;
  readonly homeFolder: string;
  readonly nodeVersion: string;
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** A new name for a write: under the same one it is done once. */
  newRequestId(): string;
  /** Aborted by Ctrl-C. */
  readonly interrupted: AbortSignal;
  /** Resolves after `ms`, or rejects when interrupted. */
  sleep(ms: number): Promise<void>;
  /** Calls a context's region. */
  readonly connect: Connect;
  /** Steers the local federation whose data is in a folder. */
  localControl(dataFolder: string): LocalControl;
}
