import { createHash } from 'node:crypto';
import { cpSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface AssetManifest { readonly files: Readonly<Record<string, { readonly displayName?: string }>> }

/**
 * A copy of an assembly in which the code of one function is another, as if its source had been edited and everything synthesized again:
 * the code, and the template that names it, have other hashes; nothing else differs.
 *
 * @param construct the function's, such as `Region/Push/Function`
 * @throws Error where the stack has no such function
 */
export function withChangedFunction(assembly: string, stack: string, construct: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  cpSync(assembly, to, { recursive: true });
  const assets = `${stack}.assets.json`;
  const { files } = JSON.parse(readFileSync(join(to, assets), 'utf8')) as AssetManifest;
  const hashOf = (name: string): string => {
    const hash = Object.keys(files).find((one) => files[one]?.displayName === name);
    if (hash === undefined) throw new Error(`${stack} has no asset ${name}; it has ${Object.values(files).map(({ displayName }) => displayName ?? '?').join(', ')}`);
    return hash;
  };
  const [code, template] = [hashOf(`${construct}/Code`), hashOf(`${stack} Template`)];
  const [changedCode, changedTemplate] = [otherHash(code), otherHash(template)];
  renameSync(join(to, `asset.${code}`), join(to, `asset.${changedCode}`));
  for (const file of readdirSync(join(to, `asset.${changedCode}`))) edit(join(to, `asset.${changedCode}`, file), (text) => `${text}\n// Changed.\n`);
  for (const file of [assets, `${stack}.template.json`, 'manifest.json']) edit(join(to, file), (text) => text.replaceAll(code, changedCode).replaceAll(template, changedTemplate));
}

const otherHash = (hash: string): string => createHash('sha256').update(hash).digest('hex');
const edit = (path: string, change: (text: string) => string): void => { writeFileSync(path, change(readFileSync(path, 'utf8'))); };
