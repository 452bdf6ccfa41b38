import { describe, expect, test } from 'vitest';
import { asMember } from '../../shared/model/ids.ts';
import { resourceKey } from '../../shared/model/resource-key.ts';
import type { ConflictInfo, VersionInfo } from '../../shared/ports/operator.ts';
import { NOW_MS } from '../testing/test-host.ts';
import { conflictDescription } from './conflict-description.ts';
import { conflictJson } from './conflicts-json.ts';
import { conflictsText } from './conflicts-text.ts';

const MINUTE_MS = 60_000;
const manifest = (backend: string, more: object = {}): string => JSON.stringify({
  apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', metadata: { name: 'api', namespace: 'default' }, spec: { hostnames: ['api.example.com'], rules: [{ backendRef: { name: backend } }], ...more },
});
const version = (name: string, member: string, change: Partial<VersionInfo> = {}): VersionInfo => ({
  version: name, member: asMember(member), isLocal: false, writtenAtMs: NOW_MS - 3 * MINUTE_MS, origin: `cluster-${member}`, deleted: false, hash: 'ab', manifest: manifest(member), ...change,
});
const PENDING: ConflictInfo = {
  key: resourceKey({ group: 'novaedge.io', kind: 'ProxyRoute', namespace: 'default', name: 'api' }),
  status: 'pending', strategy: 'Manual', detectedAtMs: NOW_MS - 2 * MINUTE_MS - 100, overlapping: [],
  versions: [version('v1.5', 'us-west', { isLocal: true }), version('v1.6', 'eu-west', { manifest: manifest('eu-west', { timeout: '5s' }) })],
  winner: { version: 'v1.5', member: asMember('us-west') }, why: 'Manual: every cluster keeps what it has until somebody keeps one version',
};
const DECIDED: ConflictInfo = {
  ...PENDING, key: resourceKey({ group: 'novaedge.io', kind: 'ProxyBackend', namespace: 'default', name: 'shop' }), status: 'decided', strategy: 'LastWriterWins', winner: { version: 'v1.6', member: asMember('eu-west') },
  why: 'LastWriterWins: v1.6 was written later than the others',
};

describe('federation conflicts', () => {
  test('is what the setup guide prints ("Handling Manual Conflicts")', () => {
    expect(conflictsText([PENDING], NOW_MS, { all: false, wide: false })).toBe([
      'RESOURCE                    LOCAL VERSION   REMOTE VERSION   DETECTED',
      'ProxyRoute/default/api      v1.5 (local)    v1.6 (eu-west)   2m ago',
      '',
    ].join('\n'));
  });

  test('--all adds what was decided automatically, with the losing versions and why they lost', () => {
    expect(conflictsText([PENDING, DECIDED], NOW_MS, { all: true, wide: false }).split('\n').slice(0, 3)).toEqual([
      'RESOURCE                    LOCAL VERSION   REMOTE VERSION   DETECTED   STATUS    SHOWN            LOST           WHY',
      'ProxyRoute/default/api      v1.5 (local)    v1.6 (eu-west)   2m ago     Pending   v1.5 (local)     -              Manual: every cluster keeps what it has until somebody keeps one version',
      'ProxyBackend/default/shop   v1.5 (local)    v1.6 (eu-west)   2m ago     Decided   v1.6 (eu-west)   v1.5 (local)   LastWriterWins: v1.6 was written later than the others',
    ]);
  });

  test('members number their versions each by themselves: of two with one number, the member tells which is shown', () => {
    const versions = [version('v1.1', 'us-west', { isLocal: true }), version('v1.1', 'eu-west', { writtenAtMs: NOW_MS })];

    expect(conflictsText([{ ...DECIDED, versions, winner: { version: 'v1.1', member: asMember('eu-west') } }], NOW_MS, { all: true, wide: false })).toContain('Decided   v1.1 (eu-west)   v1.1 (local)   LastWriterWins');
    expect(conflictDescription({ ...PENDING, versions, winner: { version: 'v1.1', member: asMember('us-west') } }, NOW_MS, undefined)).toContain('Shown: v1.1 (local)\n');
  });

  test('says so when there are none', () => {
    expect(conflictsText([], NOW_MS, { all: false, wide: false })).toBe('No conflicts are pending.\n');
  });

  test('several remote versions and deletes are told apart', () => {
    const versions = [version('v1.5', 'eu-west'), version('v2.1', 'ap-east', { deleted: true, manifest: undefined })];

    expect(conflictsText([{ ...PENDING, versions }], NOW_MS, { all: false, wide: false })).toContain('-               v1.5 (eu-west), v2.1 (ap-east, deleted)   2m ago');
  });
});

describe('federation conflicts describe', () => {
  test('shows the versions side by side, with differing lines marked and who wrote what when', () => {
    expect(conflictDescription(PENDING, NOW_MS, 100)).toBe([
      'Resource: ProxyRoute/default/api',
      'Group: novaedge.io',
      'Status: Pending',
      'Strategy: Manual',
      'Detected: 2026-03-01T11:57:59.900Z (2m ago)',
      'Shown: v1.5 (local)',
      'Why: Manual: every cluster keeps what it has until somebody keeps one version',
      '',
      'Versions:',
      '  VERSION   MEMBER            WRITTEN                    AGE      BY                        WHAT      SHOWN',
      '  v1.5      us-west (local)   2026-03-01T11:57:00.000Z   3m ago   cluster cluster-us-west   written   yes',
      '  v1.6      eu-west           2026-03-01T11:57:00.000Z   3m ago   cluster cluster-eu-west   written   no',
      '',
      'Differing Fields: spec.rules[0].backendRef.name, spec.timeout',
      '  v1.5 (local)                       v1.6 (eu-west)',
      '  --------------------------------   --------------------------------',
      '  apiVersion: novaedge.io/v1alpha1   apiVersion: novaedge.io/v1alpha1',
      '  kind: ProxyRoute                   kind: ProxyRoute',
      '  metadata:                          metadata:',
      '    name: api                          name: api',
      '    namespace: default                 namespace: default',
      '  spec:                              spec:',
      '    hostnames:                         hostnames:',
      '      - api.example.com                  - api.example.com',
      '    rules:                             rules:',
      '      - backendRef:                      - backendRef:',
      '          name: us-west            |         name: eu-west',
      '                                   >   timeout: 5s',
      '',
      'Resolve it with: novactl federation conflicts resolve ProxyRoute/default/api --keep local|remote',
      '',
    ].join('\n'));
  });

  test('names overlapping fields as people write paths', () => {
    const text = conflictDescription({ ...PENDING, strategy: 'Merge', winner: undefined, overlapping: ['spec/rules', 'spec/listeners/["http"]/port', 'metadata/labels/app.kubernetes.io~1name'] }, NOW_MS, undefined);

    expect(text).toContain('Shown: a merge of the versions\n');
    expect(text).toContain('Overlapping Fields: spec.rules, spec.listeners["http"].port, metadata.labels["app.kubernetes.io/name"]\n');
  });

  test('more than two versions are compared with the local one, and kept by member', () => {
    const versions = [version('v1.6', 'eu-west'), version('v1.5', 'us-west', { isLocal: true }), version('v1.2', 'ap-east', { deleted: true, manifest: undefined })];
    const text = conflictDescription({ ...PENDING, versions }, NOW_MS, undefined);

    expect(text).toContain('v1.5 (local)                       v1.6 (eu-west)\n');
    expect(text).toContain('v1.2 (ap-east, deleted)\n');
    expect(text).toMatch(/ \| \(deleted\)\n/);
    expect(text).toContain('--keep us-west|eu-west|ap-east\n');
  });

  test('what another member wrote cannot steer the terminal', () => {
    const hostile = version('v1.6', 'eu-west', { manifest: JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', data: { a: 'x\u001b[2Jy', b: 'x\u009b2J' } }) });

    expect(conflictDescription({ ...PENDING, versions: [version('v1.5', 'us-west', { isLocal: true }), hostile] }, NOW_MS, undefined)).not.toMatch(/[\u001b\u009b]/);
  });

  test('JSON has the manifests, and who wrote them when', () => {
    expect(conflictJson(DECIDED)).toMatchObject({
      resource: 'ProxyBackend/default/shop', status: 'decided', shown: { version: 'v1.6', member: 'eu-west' }, lost: [{ version: 'v1.5', member: 'us-west' }], detectedAt: '2026-03-01T11:57:59.900Z',
      versions: [{ version: 'v1.5', member: 'us-west', local: true, writtenAt: '2026-03-01T11:57:00.000Z', manifest: { kind: 'ProxyRoute' } }, { version: 'v1.6' }],
    });
  });
});
