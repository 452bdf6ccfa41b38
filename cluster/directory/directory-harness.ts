import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { JsonObject } from '../../shared/model/content.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import { silentLogger } from '../../shared/ports/logger.ts';
import type { ClusterHarness } from '../bridge/cluster-acceptance.ts';
import { partOf } from '../bridge/manifest.ts';
import { realClock, realRandom } from '../bridge/test-federation.ts';
import { openDirectoryCluster } from './directory-cluster.ts';
import type { DirectoryCluster } from './directory-cluster.ts';
import { newText } from './edit-text.ts';
import { formatOf, parseText } from './manifest-text.ts';
import { defaultNamespace } from './scopes.ts';
import { STATUS_FILE } from './status-file.ts';

/** A folder of its own for each test, with a user who edits it as people do. */
export async function makeDirectoryHarness(): Promise<ClusterHarness & { readonly root: string }> {
  const base = await mkdtemp(join(tmpdir(), 'novaedge-directory-'));
  const root = join(base, 'cluster');
  const open = (): Promise<DirectoryCluster> => openDirectoryCluster({ root, clock: realClock, random: realRandom, logger: silentLogger });
  let cluster = await open();

  return {
    root,
    cluster: () => cluster,
    userWrites: async (manifest) => {
      const path = (await fileOf(root, keyOf(manifest))) ?? join(root, 'mine', `${nameOf(manifest)}.yaml`);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, newText(formatOf(path), manifest));
    },
    userDeletes: async (key) => { await rm((await fileOf(root, key)) ?? '', { force: true }); },
    userCopies: async (key, name) => {
      const path = (await fileOf(root, key)) ?? '';
      const text = await readFile(path, 'utf8');
      await writeFile(join(root, `${name}.yaml`), text.replace(/^( +name: ).*$/m, `$1${name}`));
    },
    userReads: async (key) => {
      const path = await fileOf(root, key);
      return path === undefined ? undefined : manifestsIn(path, await readFile(path, 'utf8')).find((manifest) => keyOf(manifest) === key);
    },
    restart: async () => { await cluster.close(); cluster = await open(); },
    rebuildEmpty: async () => {
      await cluster.close();
      await rm(root, { recursive: true });
      cluster = await open();
    },
    backUp: async () => {
      await cluster.close();
      await cp(root, join(base, 'backup'), { recursive: true });
      cluster = await open();
    },
    restoreBackup: async () => {
      await cluster.close();
      await rm(root, { recursive: true });
      await cp(join(base, 'backup'), root, { recursive: true });
      cluster = await open();
    },
    status: async () => {
      const text = await readFile(join(root, STATUS_FILE), 'utf8').catch(() => '{}');
      return (JSON.parse(text) as { status?: unknown }).status;
    },
    close: async () => {
      await cluster.close();
      await rm(base, { recursive: true, force: true });
    },
  };
}

const nameOf = (manifest: JsonObject): string => keyOf(manifest).replaceAll('/', '_');

function keyOf(manifest: JsonObject): string {
  if (manifest['kind'] === 'NovaEdgeFederation') return 'federation';
  try {
    return partOf(manifest, defaultNamespace).key;
  } catch {
    return 'unreadable';
  }
}

function manifestsIn(path: string, text: string): readonly JsonObject[] {
  const parsed = parseText(formatOf(path), text);
  return parsed.kind === 'parsed' ? parsed.manifests.map(({ value }) => value) : [];
}

/** The file in which a user finds a resource: where one would look first, then anywhere. */
async function fileOf(root: string, key: ResourceKey | string): Promise<string | undefined> {
  const [, kind = '', namespace = '', name = ''] = key.split('/');
  for (const path of [join(root, 'mine', `${key.replaceAll('/', '_')}.yaml`), join(root, namespace, `${kind.toLowerCase()}-${name}.yaml`)]) {
    const text = await readFile(path, 'utf8').catch(() => '');
    if (manifestsIn(path, text).some((manifest) => keyOf(manifest) === key)) return path;
  }
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.startsWith('.') || !/\.(?:ya?ml|json)$/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    const text = await readFile(path, 'utf8').catch(() => '');
    if (manifestsIn(path, text).some((manifest) => keyOf(manifest) === key)) return path;
  }
  return undefined;
}
