import { createHash } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * What can go wrong with a call to DynamoDB that MiniStack never does: it knows no conflicts between transactions and no
 * throttling, answers every request, and leaves nothing of a batch undone.
 */
export type Fault =
  /** Refused because another request works on the same item. Nothing was written. */
  | 'conflict'
  /** Refused because too much is asked for. Nothing was written. */
  | 'throttled'
  /** Refused because a condition did not hold, as after somebody else's write. Nothing was written. */
  | 'condition'
  /** A batch of which nothing was done this time. */
  | 'unprocessed'
  /** An error of the service; the request was not carried out. */
  | 'server-error'
  /** Carried out, but the answer never arrives. */
  | 'answer-lost'
  /** Not carried out, and the connection breaks. */
  | 'request-lost'
  /** Not carried out, and nothing happens at all. */
  | 'hang'
  /** Refused because it reads more bytes than one transaction can. */
  | 'too-much'
  /** Refused because the credentials have run out. */
  | 'expired';

export interface FaultRule {
  readonly fault: Fault;
  /** Such as `TransactWriteItems`; any unless given. */
  readonly action?: string;
  /** Text that stands in the request, such as the name of what it writes; any request unless given. */
  readonly within?: string;
  /** How often it happens, from 0 to 1; always unless given. */
  readonly share?: number;
  /** A request that was met is let through when it comes again, so that whoever tries again gets through. */
  readonly oncePerRequest?: boolean;
  /** How many times at most. */
  readonly times?: number;
}

const PREFIX = 'com.amazonaws.dynamodb.v20120810#';

/** A proxy in front of the emulator that goes wrong by rules. */
export class FaultProxy {
  readonly #upstream: URL;
  readonly #random: () => number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 256 });
  readonly #server: Server;
  #rules: { readonly rule: FaultRule; hits: number; readonly met: Set<string> }[] = [];

  /** @param random from 0 to 1, for rules with a share */
  constructor(upstream: string, random: () => number) {
    this.#upstream = new URL(upstream);
    this.#random = random;
    this.#server = createServer((incoming, outgoing) => { void this.#serve(incoming, outgoing); });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port.toString()}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#agent.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** From now on these rules hold; the first that fits a request is taken. */
  inject(...rules: readonly FaultRule[]): void { this.#rules = rules.map((rule) => ({ rule, hits: 0, met: new Set() })); }

  /** How many requests went wrong since `inject`. */
  get hits(): number { return this.#rules.reduce((sum, { hits }) => sum + hits, 0); }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const action = String(incoming.headers['x-amz-target'] ?? '').split('.').pop() ?? '';
    const fault = this.#faultOf(action, body);
    if (fault === 'hang') return;
    if (fault === 'request-lost') incoming.socket.destroy();
    else if (fault === undefined || fault === 'answer-lost') this.#forward(incoming, outgoing, body, fault === 'answer-lost');
    else this.#answer(outgoing, errorOf(fault, action, body));
  }

  #faultOf(action: string, body: Buffer): Fault | undefined {
    const request = createHash('sha256').update(body).digest('hex');
    for (const known of this.#rules) {
      const { fault, within = '', share = 1, times = Infinity, oncePerRequest = false } = known.rule;
      const fits = (known.rule.action ?? action) === action && body.includes(within) && known.hits < times && !(oncePerRequest && known.met.has(request));
      if (!fits || this.#random() >= share) continue;
      known.hits += 1;
      known.met.add(request);
      return fault;
    }
    return undefined;
  }

  #forward(incoming: IncomingMessage, outgoing: ServerResponse, body: Buffer, isAnswerLost: boolean): void {
    const { hostname, port } = this.#upstream;
    const onward = request({ hostname, port, path: incoming.url, method: incoming.method, headers: incoming.headers, agent: this.#agent }, (answer) => {
      if (isAnswerLost) answer.resume().once('end', () => incoming.socket.destroy());
      else {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      }
    });
    onward.once('error', () => incoming.socket.destroy());
    onward.end(body);
  }

  #answer(outgoing: ServerResponse, { status, body }: Injected): void {
    outgoing.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'injected' });
    outgoing.end(JSON.stringify(body));
  }
}

interface Injected { readonly status: number; readonly body: unknown }

const injected = (type: string, more: object = {}, status = 400): Injected => ({ status, body: { __type: `${PREFIX}${type}`, message: 'injected', Message: 'injected', ...more } });

function errorOf(fault: Exclude<Fault, 'answer-lost' | 'request-lost' | 'hang'>, action: string, body: Buffer): Injected {
  const asked = JSON.parse(body.toString()) as { TransactItems?: readonly unknown[]; RequestItems?: object };
  switch (fault) {
    case 'conflict': return asked.TransactItems === undefined ? injected('TransactionConflictException') : cancelled(asked.TransactItems.length, 'TransactionConflict');
    case 'throttled': return asked.TransactItems === undefined ? injected('ProvisionedThroughputExceededException') : cancelled(asked.TransactItems.length, 'ThrottlingError');
    case 'condition': return asked.TransactItems === undefined ? injected('ConditionalCheckFailedException') : cancelled(asked.TransactItems.length, 'ConditionalCheckFailed');
    case 'unprocessed': return { status: 200, body: action === 'BatchGetItem' ? { Responses: {}, UnprocessedKeys: asked.RequestItems } : { UnprocessedItems: asked.RequestItems } };
    case 'too-much': return injected('ValidationException');
    case 'expired': return injected('ExpiredTokenException');
    case 'server-error': return injected('InternalServerError', {}, 500);
  }
}

/** One of the items is to blame, as on AWS. */
const cancelled = (items: number, code: string): Injected =>
  injected('TransactionCanceledException', { CancellationReasons: Array.from({ length: items }, (_, at) => (at === items - 1 ? { Code: code, Message: 'injected' } : { Code: 'None' })) });
