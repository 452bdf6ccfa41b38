import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ledgerStackName, regionStackName } from '../../infra/names.ts';
import { createAuthority } from '../../shared/adapters/certificates/index.ts';
import { assemblyFor } from '../../test/aws/deployment/assembly.ts';
import { EmulatedRegion } from '../../test/aws/deployment/emulated-region.ts';
import { ACCOUNT, FEDERATION, MEMBERS, assemblyOf, synthesize } from '../../test/aws/deployment/synthesis.ts';
import type { Cell, Section } from '../report.ts';
import { monotonicMs } from '../samples.ts';
import { withChangedFunction } from './changed-function.ts';
import { FLOOR_STACK, synthesizeFloor } from './floor-stack.ts';
import { differences } from './template-difference.ts';

/** The function of which another code is deployed. */
const CHANGED = 'Region/Push/Function';
/** What `cdk deploy` says when it finds nothing to do. */
const NOTHING_TO_DO = '(no changes)';

interface Deployed { readonly rows: readonly (readonly Cell[])[]; readonly differences: readonly string[] }

/**
 * How long `cdk deploy` takes for each stack of a federation of three members, each member on an emulator of its own, as the deployed tests
 * have it; and in what the deployed templates, read back from CloudFormation, differ from the synthesized ones. One after the other, so that
 * none waits for another.
 */
export async function measureDeploy(quick: boolean): Promise<Section> {
  const work = mkdtempSync(join(tmpdir(), 'novaedge-bench-deploy-'));
  try {
    writeFileSync(join(work, 'truststore.pem'), (await createAuthority('bench', { nowMs: Date.now() })).certificatePem);
    const [synthMs, assembly] = await timed(() => synthesize(work, MEMBERS));
    const deployed: Deployed[] = [];
    for (const member of quick ? MEMBERS.slice(0, 1) : MEMBERS) deployed.push(await deployMember(member, assembly, work));
    return {
      part: 'deploy',
      notes: [
        `\`cdk synth\` of ${MEMBERS.length.toString()} members, bundles built: ${seconds(synthMs)} s. Then \`cdk deploy\` of one stack after the other, its assets' upload and the start of\nthe tool included. Floor: the same of a stack of one table, on the same emulator. AWS takes longer for the resources themselves.`,
        ['What is deployed differs from what was synthesized, as CloudFormation tells it, in:', ...deployed.flatMap((one) => one.differences)].join('\n  '),
      ],
      tables: [{
        title: 'Deploys',
        columns: [{ name: 'region' }, { name: 'stack' }, { name: 'resources' }, { name: 'deploy' }, { name: 's', digits: 1 }, { name: 'of the floor', digits: 1 }],
        rows: deployed.flatMap(({ rows }) => rows),
      }],
      goals: [],
    };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function deployMember({ name, region }: (typeof MEMBERS)[number], assembly: string, work: string): Promise<Deployed> {
  const emulator = await EmulatedRegion.start(region, ACCOUNT, false);
  try {
    await emulator.bootstrap();
    const [ledger, member] = [ledgerStackName(FEDERATION), regionStackName(FEDERATION, name)];
    const [copy, floor, changed] = [assemblyOf(work, emulator), join(work, `floor-${region}`), join(work, `changed-${region}`)];
    // In words for the tests; here the emulator itself is asked what differs, and where its ledger stands is where it was asked.
    const elsewhere = assemblyFor(region, ledger, assembly, copy).filter((change) => change.includes('instead of'));
    synthesizeFloor(ACCOUNT, region, floor);
    withChangedFunction(copy, member, CHANGED, changed);
    const floorMs = await deploy(emulator, floor, FLOOR_STACK, 'changes');
    const row = (from: string, stack: string, what: string, ms: number): readonly Cell[] => [region, stack, resourcesOf(from, stack), what, ms / 1000, ms / floorMs];
    const rows = [
      row(floor, FLOOR_STACK, 'first (floor)', floorMs),
      row(copy, ledger, 'first', await deploy(emulator, copy, ledger, 'changes')),
      row(copy, member, 'first', await deploy(emulator, copy, member, 'changes')),
    ];
    const found = await Promise.all([ledger, member].map(async (stack) => differences(templateOf(assembly, stack), await emulator.template(stack)).map((difference) => `${region} ${stack} ${difference}`)));
    rows.push(
      row(copy, member, 'nothing changed', await deploy(emulator, copy, member, 'nothing')),
      row(changed, member, 'one function changed', await deploy(emulator, changed, member, 'changes')),
    );
    return { rows, differences: [...elsewhere, ...found.flat()] };
  } finally {
    await emulator.stop();
  }
}

/** @returns how long it took. @throws Error where it did not do what was to be measured */
async function deploy(emulator: EmulatedRegion, assembly: string, stack: string, expected: 'changes' | 'nothing'): Promise<number> {
  const [ms, said] = await timed(() => emulator.deploy(assembly, [stack]));
  if (said.includes(NOTHING_TO_DO) !== (expected === 'nothing')) throw new Error(`the deploy of ${stack} was to find ${expected}, and said: ${said.slice(-2000)}`);
  return ms;
}

async function timed<Result>(work: () => Promise<Result>): Promise<readonly [number, Result]> {
  const startedMs = monotonicMs();
  const result = await work();
  return [monotonicMs() - startedMs, result];
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1);
const templateOf = (assembly: string, stack: string): unknown => JSON.parse(readFileSync(join(assembly, `${stack}.template.json`), 'utf8'));
const resourcesOf = (assembly: string, stack: string): number => Object.keys((templateOf(assembly, stack) as { readonly Resources: object }).Resources).length;
