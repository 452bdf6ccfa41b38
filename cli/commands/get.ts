import type { Command } from 'commander';
import type { Json, JsonObject } from '../../shared/model/content.ts';
import { parseContent } from '../../shared/model/content.ts';
import type { Operator, ResourceInfo } from '../../shared/ports/operator.ts';
import { withRegion } from '../connection/session.ts';
import { CommandError } from '../errors.ts';
import type { Host } from '../host.ts';
import { globalsOf } from '../options.ts';
import { print } from '../output/print.ts';
import { resourcesText } from '../output/resources-text.ts';
import { findKey, notThere, unknownKind } from '../resources/find-resource.ts';
import { parseKind } from '../resources/kinds.ts';
import { listAll, listKind } from '../resources/list-all.ts';
import { DEFAULT_NAMESPACE, parseResource } from '../resources/resource-argument.ts';

interface GetOptions { readonly namespace?: string; readonly allNamespaces?: boolean }

/** `get` */
export function addGet(program: Command, host: Host): void {
  program.command('get')
    .description('Resources as the region shows them')
    .argument('<kind>', 'KIND, KIND/NAMESPACE/NAME, or all')
    .argument('[name]', 'one of them')
    .option('-n, --namespace <namespace>', `where to look (default: ${DEFAULT_NAMESPACE})`)
    .option('-A, --all-namespaces', 'look everywhere')
    .action(async (word: string, name: string | undefined, given: GetOptions, command: Command) => {
      const options = globalsOf(command);
      const isOne = name !== undefined || word.includes('/');
      if (isOne && given.allNamespaces === true) throw new CommandError('invalid', '-A lists everything and a name asks for one resource: leave one of them out');
      const resources = await withRegion(host, options, ({ operator }) => (isOne ? getOne(operator, word, name, given) : getMany(operator, word, given)));
      const isEverywhere = given.allNamespaces === true;
      if (resources.length === 0 && (options.output === 'table' || options.output === 'wide')) {
        host.err.write(`No resources found${isEverywhere ? '' : ` in the namespace ${given.namespace ?? DEFAULT_NAMESPACE}`}.\n`);
        return;
      }
      const manifests = resources.map(manifestOf);
      print(host.out, options.output, {
        json: isOne ? (manifests[0] ?? null) : listOf(manifests),
        text: (detail) => resourcesText(resources, host.nowMs(), { namespace: isEverywhere, kind: !isOne && word === ALL, wide: detail === 'wide' }),
      });
    });
}

const ALL = 'all';

async function getOne(operator: Operator, word: string, name: string | undefined, { namespace }: GetOptions): Promise<readonly ResourceInfo[]> {
  const key = await findKey(operator, parseResource(word, name, namespace));
  const found = await operator.get(key);
  if (found === undefined) throw await notThere(operator, key);
  return [found];
}

async function getMany(operator: Operator, word: string, { namespace, allNamespaces = false }: GetOptions): Promise<readonly ResourceInfo[]> {
  const asked = parseKind(word);
  const where = allNamespaces ? undefined : (namespace ?? DEFAULT_NAMESPACE);
  const { resources, isCut } = word === ALL ? await listAll(operator, { kind: undefined, namespace: where }) : await listKind(operator, asked, where);
  if (isCut) throw new CommandError('too-large', `there are more than ${resources.length.toString()} of them; name a namespace with -n`);
  if (resources.length === 0 && word !== ALL && !asked.isKnown && asked.group === undefined) throw unknownKind(asked.kind);
  return resources;
}

/** The manifest with its name first, as people write it. */
function manifestOf({ manifest }: ResourceInfo): JsonObject {
  const { apiVersion = '', kind = '', metadata = {}, ...rest } = parseContent(manifest);
  return { apiVersion, kind, metadata, ...rest };
}

/** What `kubectl get -o yaml` prints of several; `apply -f` takes it back. */
const listOf = (items: readonly Json[]): Json => ({ apiVersion: 'v1', kind: 'List', items });
