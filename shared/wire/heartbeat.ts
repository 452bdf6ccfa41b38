import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ClockRow as WireClock, ClockRowSchema, Heartbeat as WireHeartbeat, HeartbeatSchema } from '../../proto/gen/novaedge/federation/v1/member_pb.ts';
import { ClockState } from '../../proto/gen/novaedge/federation/v1/member_pb.ts';
import type { ClockRow } from '../model/clock-row.ts';
import type { Incarnation } from '../model/ids.ts';
import type { Heartbeat } from '../ports/peer.ts';
import { DictionaryReader, DictionaryWriter } from './dictionary.ts';
import { enumWords } from './enums.ts';
import { MAX_LOGS, MAX_MEMBERS } from './limits.ts';
import { requireFederationId, requireMember, requireTableId } from './names.ts';
import { readSettings, writeSettings } from './settings.ts';
import { big, requireDocument, requireList, requireNumber, requireSet, requireTimeMs } from './values.ts';
import { WireError } from './wire-error.ts';

const clockStates = enumWords<ClockState, ClockRow['state']>({ serving: ClockState.SERVING, recovering: ClockState.RECOVERING, left: ClockState.LEFT });

/** A heartbeat on its way out. */
export function writeHeartbeat(beat: Heartbeat): MessageInitShape<typeof HeartbeatSchema> {
  const dictionary = new DictionaryWriter();
  const message = {
    federationId: beat.federationId,
    member: beat.member,
    clock: writeClock(dictionary, beat.clock),
    seen: dictionary.vector(beat.seen),
    ...(beat.asks !== undefined && { asks: writeSettings(beat.asks) }),
    sentAtMs: big(beat.sentAtMs),
    agents: beat.agents,
    reaches: [...beat.reaches],
    ...(beat.hubSpec !== undefined && { hubSpec: beat.hubSpec }),
  };
  return { ...message, dictionary: dictionary.finish() };
}

/** @throws WireError, also where the clock row is another member's than the heartbeat. */
export function readHeartbeat(field: string, sent: WireHeartbeat | undefined): Heartbeat {
  const message = requireSet(field, sent, 'a heartbeat');
  const dictionary = new DictionaryReader(`${field}.dictionary`, message.dictionary);
  const member = requireMember(`${field}.member`, message.member);
  const clock = readClock(dictionary, `${field}.clock`, requireSet(`${field}.clock`, message.clock, 'a clock row'));
  if (clock.member !== member) throw new WireError(`${field}.clock.member`, `is ${clock.member}`, `the heartbeat's own member (${member})`);
  return {
    federationId: requireFederationId(`${field}.federation_id`, message.federationId),
    member,
    clock,
    seen: dictionary.vector(`${field}.seen`, message.seen),
    asks: message.asks === undefined ? undefined : readSettings(`${field}.asks`, message.asks),
    sentAtMs: requireTimeMs(`${field}.sent_at_ms`, message.sentAtMs),
    agents: message.agents,
    reaches: requireList(`${field}.reaches`, message.reaches, MAX_MEMBERS).map((name, at) => requireMember(`${field}.reaches[${at.toString()}]`, name)),
    hubSpec: message.hubSpec === undefined ? undefined : requireDocument(`${field}.hub_spec`, message.hubSpec),
  };
}

const writeClock = (dictionary: DictionaryWriter, clock: ClockRow): MessageInitShape<typeof ClockRowSchema> => ({
  member: dictionary.member(clock.member),
  incarnation: dictionary.log(clock.incarnation),
  closed: [...clock.closed].map(([log, last]) => ({ log: dictionary.log(log), last: big(last) })),
  head: big(clock.head),
  hlc: dictionary.stamp(clock.hlc),
  tableId: clock.tableId,
  bridgeEpoch: big(clock.bridgeEpoch),
  state: clockStates.toWire(clock.state),
});

function readClock(dictionary: DictionaryReader, field: string, message: WireClock): ClockRow {
  const incarnation = dictionary.incarnation(`${field}.incarnation`, message.incarnation);
  const closed = new Map<Incarnation, number>();
  for (const [at, { log, last }] of requireList(`${field}.closed`, message.closed, MAX_LOGS).entries()) {
    closed.set(dictionary.incarnation(`${field}.closed[${at.toString()}].log`, log), requireNumber(`${field}.closed[${at.toString()}].last`, last));
  }
  if (closed.size !== message.closed.length || closed.has(incarnation)) throw new WireError(`${field}.closed`, 'names an incarnation twice, or the present one', 'each earlier incarnation once');
  return {
    member: dictionary.member(`${field}.member`, message.member),
    incarnation,
    closed,
    head: requireNumber(`${field}.head`, message.head),
    hlc: dictionary.stamp(`${field}.hlc`, message.hlc),
    tableId: requireTableId(`${field}.table_id`, message.tableId),
    bridgeEpoch: requireNumber(`${field}.bridge_epoch`, message.bridgeEpoch),
    state: clockStates.toModel(`${field}.state`, message.state),
  };
}
