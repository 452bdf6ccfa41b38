import type { Operator } from '../../shared/ports/operator.ts';
import type { Context } from '../config/config.ts';
import type { Credentials } from './credentials.ts';

/** A region on the line. */
export interface Connection { readonly operator: Operator; close(): void }

/** Whom to call, as whom, and how long to wait for one answer. */
export interface ConnectOptions { readonly context: Context; readonly credentials: Credentials; readonly callTimeoutMs: number }

/** Opens a connection. Closing it ends calls that are under way. */
export type Connect = (options: ConnectOptions) => Promise<Connection>;
