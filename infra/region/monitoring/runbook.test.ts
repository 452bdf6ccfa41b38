import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { FUNCTION_NAMES } from '../../../functions/catalog.ts';
import { exampleConfig, exampleFederation } from '../../synthesize.ts';
import { ALARM_KINDS, runbookSection } from './alarms.ts';

const runbook = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'runbook.md'), 'utf8');
const sections = [...runbook.matchAll(/^## (\w+)$/gm)].map(([, title]) => title);

interface Alarm { readonly AlarmName: string; readonly AlarmDescription: string; readonly AlarmActions?: readonly unknown[]; readonly OKActions?: readonly unknown[]; readonly TreatMissingData: string }
let alarms: readonly Alarm[];
beforeAll(() => {
  const found = exampleFederation().regions[0]?.findResources('AWS::CloudWatch::Alarm') ?? {};
  alarms = Object.values(found).map((alarm) => (alarm as { Properties: Alarm }).Properties);
});

describe('the alarms of a region', () => {
  test('have each a section in the runbook, and no section is without an alarm', () => {
    expect(sections).toEqual([...ALARM_KINDS]);
  });

  test('lead to their sections and tell the topic, when they ring and when they stop', () => {
    const { runbookUrl, members: [member] } = exampleConfig();

    for (const { AlarmName, AlarmDescription, AlarmActions, OKActions } of alarms) {
      const kind = ALARM_KINDS.find((known) => AlarmName.startsWith(`novaedge-prod-global-us-west-controller-${known}`));
      expect(kind, AlarmName).toBeDefined();
      expect(AlarmDescription).toContain(kind === undefined ? '' : runbookSection(runbookUrl, kind));
      expect(AlarmActions).toEqual([member?.alarmTopicArn]);
      expect(OKActions).toEqual([member?.alarmTopicArn]);
    }
  });

  test('watch each function, each queue of dead letters, and the rest once', () => {
    const names = alarms.map(({ AlarmName }) => AlarmName.replace('novaedge-prod-global-us-west-controller-', '')).sort();

    expect(names).toEqual([
      ...['push', 'doorbell', 'tick'].map((name) => `DeadLetters-${name}`),
      ...FUNCTION_NAMES.map((name) => `FunctionErrors-${name}`),
      'ApiErrors', 'CertificateExpires', 'ConflictsPending', 'DeletesHeld', 'DoorbellLag', 'Partitioned', 'PeersThrottled', 'PeersUnreachable', 'PullsFail', 'RecordsRefused', 'Recovering', 'SyncLagHigh',
      'TableThrottled', 'TicksMissing',
    ].sort());
  });

  test('take silence for good, but that of the clock', () => {
    expect(alarms.filter(({ TreatMissingData }) => TreatMissingData === 'breaching').map(({ AlarmName }) => AlarmName)).toEqual(['novaedge-prod-global-us-west-controller-TicksMissing']);
  });
});
