import type { FederationStatus, MemberStatus } from '../../shared/ports/operator.ts';
import type { StatusWithPartition } from './partition-text.ts';
import { partitionLines, yesNo } from './partition-text.ts';
import { printResource } from './resource-name.ts';
import type { Column } from './table.ts';
import { plainColumns, table } from './table.ts';
import { formatAgo, formatLag } from './times.ts';

/** `verbose` has everything that the status carries. */
export type StatusDetail = 'table' | 'wide' | 'verbose';

const INDENT = '  ';
// The widths are the setup guide's (Step 6).
const MEMBER_COLUMNS: readonly Column[] = [{ header: 'NAME', minimumWidth: 19 }, { header: 'REGION', minimumWidth: 7 }, { header: 'STATUS', minimumWidth: 7 }, ...plainColumns('SYNC LAG', 'LAST SYNC', 'AGENTS')];

/** A federation's status as the setup guide prints it. */
export function statusText(status: StatusWithPartition, nowMs: number, detail: StatusDetail): string {
  const head = [`Federation: ${status.federationId}`, `Local Member: ${status.localMember}`, `Phase: ${status.phase}`];
  const members = `Members:\n${membersTable(status.members, nowMs, detail)}`;
  if (detail === 'verbose') return [...head, ...partitionLines(status), ...details(status, nowMs), '', members].join('\n') + sections(status, nowMs);
  const notes = attention(status);
  return `${[...head, '', members].join('\n')}${notes.length === 0 ? '' : `\n${notes.join('\n')}\n`}`;
}

function membersTable(members: readonly MemberStatus[], nowMs: number, detail: StatusDetail): string {
  const isShort = detail === 'table';
  const columns = isShort ? MEMBER_COLUMNS : [...MEMBER_COLUMNS, ...plainColumns('LAST SEEN', 'ENDPOINT', 'ERROR')];
  return table(columns, members.map((member) => {
    const { name, region, isLocal, healthy, lastSyncMs, lastSeenMs, agents, endpoint } = member;
    const short = [name, region || '-', isLocal ? 'Local' : healthy ? 'Healthy' : 'Unhealthy', lagText(member), formatAgo(lastSyncMs, nowMs), agents.toString()];
    return isShort ? short : [...short, isLocal ? '-' : formatAgo(lastSeenMs, nowMs), endpoint || '-', errorText(member) ?? '-'];
  }), INDENT);
}

/** Of a member that cannot be heard nobody knows whether it has written: a zero would be the lag of when it was heard last. */
const lagText = ({ isLocal, healthy, syncLagMs }: MemberStatus): string => (!isLocal && !healthy && (syncLagMs ?? 0) === 0 ? 'unknown' : formatLag(syncLagMs));

/** On one line, without the member's name, which stands before it already. */
function errorText({ name, error }: MemberStatus): string | undefined {
  const line = error?.replaceAll(/\s*\n\s*/g, ' ');
  return line?.startsWith(`${name}: `) === true ? line.slice(name.length + 2) : line;
}

/** What somebody should do something about; nothing where all is well, as in the guide. */
function attention({ conflictsPending, writesFenced, recovering, exceptions, members, holds, conditions }: FederationStatus): readonly string[] {
  const failing = members.filter(({ healthy, isLocal }) => !healthy && !isLocal);
  return [
    ...conditions.filter(({ type }) => type === 'Left' || type === 'MembersLeft').map(({ message }) => message),
    ...failing.map((member) => `${member.name} is unhealthy${member.error === undefined ? '' : `: ${errorText(member) ?? ''}`}`),
    ...(writesFenced ? ['Writes are fenced here until the partition heals: novactl federation status --verbose'] : []),
    ...(recovering ? ['This region has lost state and is recovering: it commits nothing until it has caught up'] : []),
    ...(conflictsPending > 0 ? [`${countOf(conflictsPending, 'conflict waits', 'conflicts wait')} for a person: novactl federation conflicts`] : []),
    ...holds.map(({ message }) => `Held: ${message}`),
    ...(exceptions.length > 0 ? [`${countOf(exceptions.length, 'resource is', 'resources are')} not applied in the cluster: novactl federation status --verbose`] : []),
  ];
}

const countOf = (count: number, one: string, many: string): string => `${count.toString()} ${count === 1 ? one : many}`;

const details = (status: FederationStatus, nowMs: number): readonly string[] => [
  `Mode: ${status.mode}`,
  `Conflict Strategy: ${status.strategy}`,
  `Conflicts Pending: ${status.conflictsPending.toString()}`,
  `Resources: ${status.resources.toString()}`,
  `Last Sync: ${formatAgo(status.lastSyncMs, nowMs)}`,
  `Recovering: ${yesNo(status.recovering)}`,
  `Observed Generation: ${status.observedGeneration.toString()}`,
  `Merkle Root: ${status.merkleRoot || '-'}`,
];

function sections(status: FederationStatus, nowMs: number): string {
  const parts = [
    ['Conditions', table(plainColumns('TYPE', 'STATUS', 'REASON', 'MESSAGE'), status.conditions.map(({ type, status: value, reason, message }) => [type, value, reason, message]), INDENT), status.conditions.length],
    ['Held', table(plainColumns('HOLD', 'DIRECTION', 'DELETES', 'SINCE', 'SOME OF THEM'), status.holds.map(({ id, direction, resources, sinceMs, examples }) => [id, direction, resources.toString(), formatAgo(sinceMs, nowMs), examples.map(printResource).join(' ')]), INDENT), status.holds.length],
    ['Exceptions', table(plainColumns('RESOURCE', 'REASON', 'MESSAGE'), status.exceptions.map(({ key, reason, message }) => [printResource(key), reason, message]), INDENT), status.exceptions.length],
    ['Vector Clocks', clocksTable(status), status.members.length],
  ] as const;
  return parts.map(([title, text, count]) => `\n${title}:\n${count === 0 ? `${INDENT}none\n` : text}`).join('');
}

/** What each member has seen of each: a member that trails shows lower numbers than the others. */
function clocksTable({ members, localVectorClock }: FederationStatus): string {
  const clockOf = ({ isLocal, vectorClock }: MemberStatus): Readonly<Record<string, number>> => (isLocal ? localVectorClock : vectorClock);
  const names = [...new Set(members.flatMap((member) => Object.keys(clockOf(member))))].sort();
  return table(plainColumns('MEMBER', 'HAS SEEN'), members.map((member) => [member.name, names.flatMap((name) => {
    const counter = clockOf(member)[name];
    return counter === undefined ? [] : [`${name}=${counter.toString()}`];
  }).join(' ') || '-']), INDENT);
}
