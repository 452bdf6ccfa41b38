/** A call as HTTP brings it, from a server's socket or a gateway's event. */
export interface HttpCall {
  readonly method: string;
  /** Without a query. */
  readonly path: string;
  /** By a name in small letters. */
  readonly header: (name: string) => string | undefined;
  /** To be read once. */
  readonly body: () => AsyncIterable<Uint8Array>;
  /** Ends with the caller, or with the time that there is. */
  readonly signal: AbortSignal;
}

/** Whatever answers calls. `environment` is what the runtime hands over with a request; the client's certificate is found there. */
export interface HttpApp { serve(call: HttpCall, environment: unknown): Promise<HttpAnswer> }

/** Names of headers in small letters. */
export interface HttpAnswer { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: Uint8Array }
