import { describe, expect, test } from 'vitest';
import { asMember } from '../../shared/model/ids.ts';
import { resourceKey } from '../../shared/model/resource-key.ts';
import type { FederationStatus, MemberStatus } from '../../shared/ports/operator.ts';
import { NOW_MS } from '../testing/test-host.ts';
import { statusJson } from './status-json.ts';
import { statusText } from './status-text.ts';

const member = (name: string, region: string, change: Partial<MemberStatus> = {}): MemberStatus => ({
  name: asMember(name), region, endpoint: `controller.${region}.example.com:9090`, isLocal: false, healthy: true, error: undefined,
  lastSeenMs: NOW_MS - 1000, lastSyncMs: undefined, syncLagMs: undefined, agents: 0, vectorClock: {}, ...change,
});
const HEALTHY: FederationStatus = {
  federationId: 'prod-global', localMember: asMember('us-west-controller'), phase: 'Healthy', mode: 'mesh', strategy: 'LastWriterWins',
  members: [
    member('us-west-controller', 'us-west', { isLocal: true, agents: 5 }),
    member('eu-west-controller', 'eu-west', { syncLagMs: 1200, lastSyncMs: NOW_MS - 3400, agents: 3, vectorClock: { 'us-west-controller': 7, 'eu-west-controller': 4 } }),
    member('ap-east-controller', 'ap-east', { syncLagMs: 2100, lastSyncMs: NOW_MS - 5000, agents: 4 }),
  ],
  conflictsPending: 0, resources: 12, exceptions: [], conditions: [], holds: [], merkleRoot: 'ab12', localVectorClock: { 'us-west-controller': 9, 'eu-west-controller': 4 },
  writesFenced: false, recovering: false, lastSyncMs: NOW_MS - 3000, observedGeneration: 2,
};
const unreachable = { healthy: false, error: 'connection refused' };
const PARTITIONED: FederationStatus = { ...HEALTHY, phase: 'Partitioned', writesFenced: true, members: HEALTHY.members.map((one) => (one.isLocal ? one : { ...one, ...unreachable })) };

describe('federation status', () => {
  test('is what the setup guide prints (Step 6)', () => {
    expect(statusText(HEALTHY, NOW_MS, 'table')).toBe([
      'Federation: prod-global',
      'Local Member: us-west-controller',
      'Phase: Healthy',
      '',
      'Members:',
      '  NAME                  REGION    STATUS    SYNC LAG   LAST SYNC   AGENTS',
      '  us-west-controller    us-west   Local     -          -           5',
      '  eu-west-controller    eu-west   Healthy   1.2s       3s ago      3',
      '  ap-east-controller    ap-east   Healthy   2.1s       5s ago      4',
      '',
    ].join('\n'));
  });

  test('says below the table what somebody should do something about', () => {
    const text = statusText({ ...PARTITIONED, conflictsPending: 2 }, NOW_MS, 'table');

    expect(text).toContain('  eu-west-controller    eu-west   Unhealthy   1.2s');
    expect(text.split('\n').slice(-5)).toEqual([
      'eu-west-controller is unhealthy: connection refused',
      'ap-east-controller is unhealthy: connection refused',
      'Writes are fenced here until the partition heals: novactl federation status --verbose',
      '2 conflicts wait for a person: novactl federation conflicts',
      '',
    ]);
  });

  test('does not call a member level that cannot be heard', () => {
    const members = PARTITIONED.members.map((member) => (member.isLocal ? member : { ...member, syncLagMs: 0, error: `${member.name}: the connection was cut off` }));
    const text = statusText({ ...PARTITIONED, members }, NOW_MS, 'table');

    expect(text).toContain('  eu-west-controller    eu-west   Unhealthy   unknown ');
    expect(text).toContain('\neu-west-controller is unhealthy: the connection was cut off\n');
  });

  test('--verbose has the guide\'s lines of a partition in Controllers mode', () => {
    expect(statusText(PARTITIONED, NOW_MS, 'verbose')).toContain('\nPhase: Partitioned\nPartition State: Confirmed\nReachable Peers: 0/2\nWrites Fenced: Yes\nReads Allowed: Yes\n');
  });

  test('--verbose has the guide\'s lines of a partition in AgentAssisted mode, where the status carries votes', () => {
    const splitBrain = {
      partitionState: 'Confirmed', quorumMode: 'AgentAssisted', haveQuorum: true, reachablePeers: [], unreachablePeers: ['dc-b'],
      agentQuorum: { ourVotes: 15, totalVotes: 27, quorumThreshold: 14, reachableAgents: 5, totalAgents: 5 },
    } as const;

    expect(statusText({ ...PARTITIONED, writesFenced: false, splitBrain }, NOW_MS, 'verbose')).toContain([
      'Phase: Partitioned', 'Quorum Mode: AgentAssisted', 'Our Votes: 15 / 27 total', 'Quorum Threshold: 14', 'Have Quorum: Yes', 'Reachable Agents: 5', 'Writes Fenced: No', '',
    ].join('\n'));
  });

  test('--verbose has conditions, exceptions, Merkle root and vector clocks', () => {
    const key = resourceKey({ group: 'novaedge.io', kind: 'ProxyRoute', namespace: 'default', name: 'api' });
    const text = statusText({
      ...HEALTHY,
      conditions: [{ type: 'Ready', status: 'True', reason: 'Healthy', message: 'the federation is Healthy' }],
      exceptions: [{ key, reason: 'NamespaceMissing', message: 'there is no namespace default' }],
    }, NOW_MS, 'verbose');

    expect(text).toContain('Merkle Root: ab12\n');
    expect(text).toContain('\nConditions:\n  TYPE    STATUS   REASON    MESSAGE\n  Ready   True     Healthy   the federation is Healthy\n');
    expect(text).toContain('\nExceptions:\n  RESOURCE                 REASON             MESSAGE\n  ProxyRoute/default/api   NamespaceMissing   there is no namespace default\n');
    expect(text).toContain('  us-west-controller   eu-west-controller=4 us-west-controller=9\n  eu-west-controller   eu-west-controller=4 us-west-controller=7\n  ap-east-controller   -\n');
  });

  test('names what many deletes wait for', () => {
    const key = resourceKey({ group: 'novaedge.io', kind: 'ProxyRoute', namespace: 'default', name: 'api' });
    const hold = { id: 'down-1a2b3c', reason: 'MassDeletion', message: '40 deletes wait', direction: 'down', sinceMs: NOW_MS - 60_000, resources: 40, examples: [key] } as const;

    expect(statusText({ ...HEALTHY, holds: [hold] }, NOW_MS, 'table')).toContain('\nHeld: 40 deletes wait\n');
    expect(statusText({ ...HEALTHY, holds: [hold] }, NOW_MS, 'verbose')).toContain('\nHeld:\n  HOLD          DIRECTION   DELETES   SINCE    SOME OF THEM\n  down-1a2b3c   down        40        1m ago   ProxyRoute/default/api\n');
    expect(statusJson({ ...HEALTHY, holds: [hold] })).toMatchObject({ holds: [{ id: 'down-1a2b3c', since: '2026-03-01T11:59:00.000Z', examples: ['ProxyRoute/default/api'] }] });
  });

  test('a long name widens its column', () => {
    const name = 'a-member-with-a-rather-long-name';
    const [, row] = statusText({ ...HEALTHY, members: [member(name, 'r')] }, NOW_MS, 'table').split('Members:\n  ')[1]?.split('\n') ?? [];

    expect(row).toBe(`  ${name}   r         Healthy   -          -           0`);
  });

  test('JSON has ISO times, and null rather than missing fields', () => {
    expect(statusJson(HEALTHY)).toMatchObject({
      federationID: 'prod-global', lastSyncTime: '2026-03-01T11:59:57.000Z', splitBrain: { partitionState: 'Healthy', haveQuorum: null, reachablePeers: ['eu-west-controller', 'ap-east-controller'] },
      members: [{ local: true, lastSyncTime: null, syncLagSeconds: null, error: null }, { syncLagSeconds: 1.2 }, {}],
    });
  });
});
