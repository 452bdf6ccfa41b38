import { OperatorService } from '../../proto/gen/novaedge/federation/v1/operator_service_codec.ts';
import { denyEntriesOf, parseDenyEntry } from '../model/deny-entry.ts';
import { ReplicaError } from '../ports/errors.ts';
import type { OwnOperator } from '../replica/operator.ts';
import type { OperatorExchange } from '../replica/operator-exchange.ts';
import { optionalKey, requireKey, requireRequestId } from '../wire/names.ts';
import { optionalSource, readDiscard, readReplay, requireLetterId, writeDeadLetter, writeDiscardOutcome, writeReplayOutcome } from '../wire/operator-dead-letters.ts';
import { writeDenied } from '../wire/operator-denied.ts';
import { requireHoldId } from '../wire/operator-holds.ts';
import { readLeaveRequest, writeLeaveResponse } from '../wire/operator-leave.ts';
import { requireManifestText, writeApplied, writeConflict, writeHistory, writeResource } from '../wire/operator-resources.ts';
import { writeStatus } from '../wire/operator-status.ts';
import { big, optionalText, requireText } from '../wire/values.ts';
import { callerWithRole } from './call.ts';
import type { OperatorCaller } from './caller.ts';
import { callerName } from './caller.ts';
import { cutToFit, limitOf, partOf } from './listing.ts';
import type { Methods, Offer } from './offer.ts';
import { offer } from './offer.ts';

/** The longest kind, namespace or `--keep`. */
const NAME_CHARACTERS = 253;
/** A sentence for whoever reads the list a year later. */
const REASON_CHARACTERS = 500;

/**
 * OperatorService over a region's operator port, but for what a region does with its peers (operator-exchange-service.ts). Who may call is
 * decided before; the app keeps the audit log.
 */
export const operatorService = (operator: OwnOperator): Omit<Methods<typeof OperatorService>, keyof OperatorExchange> => ({
  async status() {
    return { status: writeStatus(await operator.status()) };
  },
  async getResource({ key }) {
    const resource = await operator.get(requireKey('key', key));
    return resource === undefined ? {} : { resource: writeResource(resource) };
  },
  async listResources({ kind, namespace, after, limit }) {
    const filter = { kind: optionalText('kind', kind, NAME_CHARACTERS), namespace: optionalText('namespace', namespace, NAME_CHARACTERS) };
    const { resources, next } = await operator.list(filter, optionalKey('after', after), limitOf(limit));
    const part = cutToFit({ items: resources, next });
    return { resources: part.items.map(writeResource), ...(part.next !== undefined && { next: part.next }) };
  },
  async applyResource({ manifest, requestId }) {
    return writeApplied(await operator.apply(requireManifestText('manifest', manifest), requireRequestId('request_id', requestId)));
  },
  async deleteResource({ key, requestId }) {
    return { deleted: (await operator.delete(requireKey('key', key), requireRequestId('request_id', requestId))) === 'deleted' };
  },
  async listConflicts({ all, after, limit }) {
    const part = partOf(await operator.conflicts(all), optionalKey('after', after), limitOf(limit));
    return { conflicts: part.items.map(writeConflict), ...(part.next !== undefined && { next: part.next }) };
  },
  async describeConflict({ key }) {
    const conflict = await operator.conflict(requireKey('key', key));
    return conflict === undefined ? {} : { conflict: writeConflict(conflict) };
  },
  async resolveConflict({ key, keep, requestId }) {
    return operator.resolve(requireKey('key', key), requireText('keep', keep, NAME_CHARACTERS), requireRequestId('request_id', requestId));
  },
  async history({ key }) {
    return writeHistory(await operator.history(requireKey('key', key)));
  },
  async approve({ holdId, requestId }) {
    const { resources } = await operator.approve(requireHoldId('hold_id', holdId), requireRequestId('request_id', requestId));
    return { resources: big(resources) };
  },
  async reject({ holdId, reason, requestId }) {
    const { resources } = await operator.reject(requireHoldId('hold_id', holdId), requireText('reason', reason, REASON_CHARACTERS), requireRequestId('request_id', requestId));
    return { resources: big(resources) };
  },
  async leave(request) {
    return writeLeaveResponse(await operator.leave(readLeaveRequest(request)));
  },
  async listDenied() {
    return { denied: (await operator.denied()).map(writeDenied) };
  },
  async deny({ entry, reason }, context) {
    requireNotSelf(entry, callerWithRole(context, 'operator'));
    return { denied: writeDenied(await operator.deny(requireText('entry', entry, NAME_CHARACTERS), requireText('reason', reason, REASON_CHARACTERS))) };
  },
  async undeny({ entry }) {
    return { removed: (await operator.undeny(requireText('entry', entry, NAME_CHARACTERS))) === 'removed' };
  },
  async listDeadLetters({ source, after, limit }, { signal }) {
    const beyond = after === undefined ? '' : requireLetterId('after', after);
    const { letters, total } = await operator.deadLetters(optionalSource('source', source), signal);
    const rest = letters.filter(({ id }) => id > beyond).sort((a, b) => (a.id < b.id ? -1 : 1));
    const part = rest.slice(0, limitOf(limit));
    const next = rest.length > part.length ? part.at(-1)?.id : undefined;
    return { letters: part.map(writeDeadLetter), total: big(total), ...(next !== undefined && { next }) };
  },
  async replayDeadLetters({ ids, source, requestId }, { signal }) {
    return writeReplayOutcome(await operator.replayDeadLetters(readReplay({ ids, ...(source !== undefined && { source }) }), requireRequestId('request_id', requestId), signal));
  },
  async discardDeadLetters({ ids, requestId }, { signal }) {
    return writeDiscardOutcome(await operator.discardDeadLetters(readDiscard({ ids }), requireRequestId('request_id', requestId), signal));
  },
  listAgents: notBuilt('listing agents'),
  rollback: notBuilt('rolling back', 'Apply the manifest you want instead: novactl federation get shows the versions there are'),
  verify: notBuilt('verifying', 'novactl federation reconcile compares with every peer, and repairs'),
  evict: notBuilt('evicting a member'),
  drill: notBuilt('drills'),
});

/** Nobody shuts the door behind himself by mistake. What is no entry at all is refused by the region. */
function requireNotSelf(entry: string, caller: OperatorCaller): void {
  const names = denyEntriesOf({ ...caller.certificate, name: callerName(caller) });
  let denied: string | undefined;
  try {
    denied = parseDenyEntry(entry);
  } catch {
    return;
  }
  if (names.some((name) => name === denied)) throw new ReplicaError('invalid', `entry: ${entry} is the certificate you are calling with; let another admin deny it`);
}

/** A method whose messages are decided and whose work is not done yet. */
function notBuilt(what: string, instead = 'Nothing was changed'): () => never {
  return () => { throw new ReplicaError('unsupported', `${what} is not built yet. ${instead}.`); };
}

/** OperatorService, for operators, but for what a region does with its peers. */
export const offerToOperators = (operator: OwnOperator): Offer => offer('operator', OperatorService, () => operatorService(operator));
