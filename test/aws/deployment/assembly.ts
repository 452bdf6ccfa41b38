import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Replica { readonly Region: string }
interface LedgerTemplate { readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties: { Replicas?: readonly Replica[] } }>> }

/**
 * A copy of a synthesized assembly for an emulator that stands for one AWS region alone: the ledger's table is made in that region, with
 * no replica anywhere else, because the emulator's own would be there at once and never conflict. A `LedgerPump` carries items instead.
 * Nothing else is changed.
 *
 * @returns what was changed, in words
 */
export function assemblyFor(region: string, ledgerStack: string, from: string, to: string): readonly string[] {
  cpSync(from, to, { recursive: true });
  const changes: string[] = [];
  edit(join(to, `${ledgerStack}.template.json`), (text) => {
    const template = JSON.parse(text) as LedgerTemplate;
    for (const { Type, Properties } of Object.values(template.Resources)) {
      if (Type !== 'AWS::DynamoDB::GlobalTable' || Properties.Replicas === undefined) continue;
      const dropped = Properties.Replicas.filter(({ Region }) => Region !== region);
      Properties.Replicas = Properties.Replicas.filter(({ Region }) => Region === region);
      changes.push(`${region}: the ledger's table without replicas in ${dropped.map(({ Region }) => Region).join(', ')}`);
    }
    return JSON.stringify(template);
  });
  let home = '';
  edit(join(to, 'manifest.json'), (text) => {
    const manifest = JSON.parse(text) as { artifacts: Record<string, { environment?: string; properties?: Record<string, unknown> }> };
    const stack = manifest.artifacts[ledgerStack];
    if (stack?.environment === undefined) throw new Error(`the assembly has no stack ${ledgerStack}`);
    home = stack.environment.split('/').at(-1) ?? '';
    return JSON.stringify({ ...manifest, artifacts: { ...manifest.artifacts, [ledgerStack]: JSON.parse(JSON.stringify(stack).replaceAll(home, region)) as object } });
  });
  edit(join(to, `${ledgerStack}.assets.json`), (text) => text.replaceAll(home, region));
  if (home !== region) changes.push(`${region}: the ledger's stack there instead of in ${home}`);
  return changes;
}

const edit = (path: string, change: (text: string) => string): void => { writeFileSync(path, change(readFileSync(path, 'utf8'))); };
