import { OperatorService } from '../../../proto/gen/novaedge/federation/v1/operator_service_codec.ts';
import type { Member, ResourceKey } from '../../model/ids.ts';
import type { DeadLetter, DeadLetterList, DiscardOutcome, Replay, ReplayOutcome } from '../../ports/dead-letters.ts';
import type { ConflictInfo, DeniedInfo, FederationStatus, HistoryEntry, LeaveAnswer, LeaveRequest, Operator, ResourceInfo } from '../../ports/operator.ts';
import { MAX_ENTRIES } from '../../wire/limits.ts';
import { optionalKey } from '../../wire/names.ts';
import { readDeadLetter, readDiscardOutcome, readReplayOutcome, writeReplay } from '../../wire/operator-dead-letters.ts';
import { readDenied } from '../../wire/operator-denied.ts';
import { readLeaveResponse, writeLeaveRequest } from '../../wire/operator-leave.ts';
import { readApplied, readConflict, readHistory, readResource } from '../../wire/operator-resources.ts';
import { readStatus } from '../../wire/operator-status.ts';
import { readReconcileResults, readSyncResults } from '../../wire/operator-sync.ts';
import { requireList, requireNumber, requireSet, requireText } from '../../wire/values.ts';
import { callServer } from './call.ts';
import type { ClientTls } from './connection.ts';
import { Connection } from './connection.ts';
import type { CallOptions, ClientOf } from './unary-client.ts';

export interface ConnectOperatorOptions {
  readonly federationId: string;
  /** The member that the region is to be of; undefined believes its host's name. */
  readonly member: Member | undefined;
  readonly endpoint: string;
  readonly tls: () => ClientTls;
  readonly callTimeoutMs?: number;
}

const CALL_TIMEOUT_MS = 30_000;
/** Answers that a list is put together from; each has at least one. */
const MAX_LIST_CALLS = 10_000;

/** A region as an operator calls it, over Connect. */
export class ConnectOperator implements Operator {
  readonly #connection: Connection;
  readonly #endpoint: string;
  readonly #callTimeoutMs: number;

  /** @throws RangeError for an endpoint that is none */
  constructor({ federationId, member, endpoint, tls, callTimeoutMs = CALL_TIMEOUT_MS }: ConnectOperatorOptions) {
    this.#connection = new Connection({ endpoint, tls, expected: { federationId, member } });
    this.#endpoint = endpoint;
    this.#callTimeoutMs = callTimeoutMs;
  }

  status(): Promise<FederationStatus> {
    return this.#call(async (client, options) => readStatus('status', requireSet('status', (await client.status({}, options)).status, 'a status')));
  }

  get(key: ResourceKey): Promise<ResourceInfo | undefined> {
    return this.#call(async (client, options) => {
      const { resource } = await client.getResource({ key }, options);
      return resource === undefined ? undefined : readResource('resource', resource);
    });
  }

  list(filter: { readonly kind: string | undefined; readonly namespace: string | undefined }, after: ResourceKey | undefined, limit: number): Promise<{ readonly resources: readonly ResourceInfo[]; readonly next: ResourceKey | undefined }> {
    return this.#call(async (client, options) => {
      const { resources, next } = await client.listResources({ ...set({ ...filter, after }), limit }, options);
      return { resources: requireList('resources', resources, MAX_ENTRIES).map((resource, at) => readResource(`resources[${at.toString()}]`, resource)), next: optionalKey('next', next) };
    });
  }

  apply(manifest: string, requestId: string): ReturnType<Operator['apply']> {
    return this.#call(async (client, options) => readApplied(await client.applyResource({ manifest, requestId }, options)));
  }

  delete(key: ResourceKey, requestId: string): Promise<'deleted' | 'not-found'> {
    return this.#call(async (client, options) => ((await client.deleteResource({ key, requestId }, options)).deleted ? 'deleted' : 'not-found'));
  }

  async conflicts(all: boolean): Promise<readonly ConflictInfo[]> {
    const found: ConflictInfo[] = [];
    let after: ResourceKey | undefined;
    for (let calls = 0; calls < MAX_LIST_CALLS; calls += 1) {
      const from = after;
      const part = await this.#call(async (client, options) => {
        const { conflicts, next } = await client.listConflicts({ all, ...set({ after: from }) }, options);
        return { conflicts: requireList('conflicts', conflicts, MAX_ENTRIES).map((conflict, at) => readConflict(`conflicts[${at.toString()}]`, conflict)), next: optionalKey('next', next) };
      });
      found.push(...part.conflicts);
      after = part.next;
      if (after === undefined) break;
    }
    return found;
  }

  conflict(key: ResourceKey): Promise<ConflictInfo | undefined> {
    return this.#call(async (client, options) => {
      const { conflict } = await client.describeConflict({ key }, options);
      return conflict === undefined ? undefined : readConflict('conflict', conflict);
    });
  }

  resolve(key: ResourceKey, keep: string, requestId: string): Promise<{ readonly version: string }> {
    return this.#call(async (client, options) => ({ version: requireText('version', (await client.resolveConflict({ key, keep, requestId }, options)).version) }));
  }

  syncNow(peer: Member | undefined, signal: AbortSignal): ReturnType<Operator['syncNow']> {
    return this.#call(async (client, options) => readSyncResults(await client.syncNow(set({ peer }), options)), signal);
  }

  reconcile(peer: Member | undefined, signal: AbortSignal): ReturnType<Operator['reconcile']> {
    return this.#call(async (client, options) => readReconcileResults(await client.reconcile(set({ peer }), options)), signal);
  }

  history(key: ResourceKey): Promise<readonly HistoryEntry[]> {
    return this.#call(async (client, options) => readHistory(await client.history({ key }, options)));
  }

  approve(hold: string, requestId: string): Promise<{ readonly resources: number }> {
    return this.#call(async (client, options) => ({ resources: requireNumber('resources', (await client.approve({ holdId: hold, requestId }, options)).resources) }));
  }

  reject(hold: string, reason: string, requestId: string): Promise<{ readonly resources: number }> {
    return this.#call(async (client, options) => ({ resources: requireNumber('resources', (await client.reject({ holdId: hold, reason, requestId }, options)).resources) }));
  }

  leave(request: LeaveRequest): Promise<LeaveAnswer> {
    return this.#call(async (client, options) => readLeaveResponse(await client.leave(writeLeaveRequest(request), options)));
  }

  denied(): Promise<readonly DeniedInfo[]> {
    return this.#call(async (client, options) => requireList('denied', (await client.listDenied({}, options)).denied, MAX_ENTRIES).map((denied, at) => readDenied(`denied[${at.toString()}]`, denied)));
  }

  deny(entry: string, reason: string): Promise<DeniedInfo> {
    return this.#call(async (client, options) => readDenied('denied', requireSet('denied', (await client.deny({ entry, reason }, options)).denied, 'the entry')));
  }

  undeny(entry: string): Promise<'removed' | 'not-found'> {
    return this.#call(async (client, options) => ((await client.undeny({ entry }, options)).removed ? 'removed' : 'not-found'));
  }

  async deadLetters(source: string | undefined, signal: AbortSignal): Promise<DeadLetterList> {
    const found = new Map<string, DeadLetter>();
    let total = 0;
    let after: string | undefined;
    for (let calls = 0; calls < MAX_LIST_CALLS; calls += 1) {
      const from = after;
      const part = await this.#call(async (client, options) => {
        const answer = await client.listDeadLetters({ ...set({ source, after: from }), limit: MAX_ENTRIES }, options);
        return { letters: requireList('letters', answer.letters, MAX_ENTRIES).map((letter, at) => readDeadLetter(`letters[${at.toString()}]`, letter)), next: answer.next, total: requireNumber('total', answer.total) };
      }, signal);
      for (const letter of part.letters) found.set(letter.id, letter);
      total = part.total;
      after = part.next;
      if (after === undefined) break;
    }
    return { letters: [...found.values()], total };
  }

  replayDeadLetters(which: Replay, requestId: string, signal: AbortSignal): Promise<ReplayOutcome> {
    return this.#call(async (client, options) => readReplayOutcome(await client.replayDeadLetters(writeReplay(which, requestId), options)), signal);
  }

  discardDeadLetters(ids: readonly string[], requestId: string, signal: AbortSignal): Promise<DiscardOutcome> {
    return this.#call(async (client, options) => readDiscardOutcome(await client.discardDeadLetters({ ids: [...ids], requestId }, options)), signal);
  }

  /** Ends its connections. */
  close(): void {
    this.#connection.close();
  }

  #call<T>(work: (client: ClientOf<typeof OperatorService>, options: CallOptions) => Promise<T>, signal: AbortSignal = new AbortController().signal): Promise<T> {
    return callServer(this.#endpoint, this.#callTimeoutMs, signal, (options) => work(this.#connection.client(OperatorService), options));
  }
}

/** Fields that are set: a message leaves the others out. */
const set = <Fields extends Readonly<Record<string, string | undefined>>>(fields: Fields): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };
