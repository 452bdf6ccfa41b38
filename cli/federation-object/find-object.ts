import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap } from 'yaml';
import { groupOf, NOVAEDGE_GROUP } from '../../shared/model/federated-part.ts';
import type { Context } from '../config/config.ts';
import { CommandError } from '../errors.ts';
import { manifestFiles } from '../manifests/read-files.ts';
import { documentsOf } from '../yaml-edit/edit-document.ts';

/** A member's federation object: which document of which file. */
export interface FederationObject { readonly path: string; readonly text: string; readonly document: number }

/** Folders below a member's, as its bridge reads them. */
const DEPTH = 8;
const KIND = 'NovaEdgeFederation';

/**
 * The federation object in a context's folder.
 *
 * @throws CommandError where the context has no folder, or there is none or more than one in it
 */
export function findFederationObject({ name, folder }: Context): FederationObject {
  if (folder === undefined) {
    throw new CommandError('unsupported', `the context ${name} has no folder: its ${KIND} is in a Kubernetes cluster; change it there with kubectl edit novaedgefederation`);
  }
  const found = manifestFiles(folder, DEPTH).flatMap((file) => objectsIn(join(folder, file)));
  const [only, second] = found;
  if (only === undefined) throw new CommandError('not-found', `there is no ${KIND} in ${folder}, the folder of the context ${name}`);
  if (second !== undefined) throw new CommandError('conflict', `there is more than one ${KIND} in ${folder}: ${found.map(({ path }) => path).join(', ')}; a member has one`);
  return only;
}

function objectsIn(path: string): readonly FederationObject[] {
  const text = readFileSync(path, 'utf8');
  // Most files are others; parsing takes a thousand times as long as looking.
  if (!text.includes(KIND)) return [];
  return documentsOf(text).flatMap((document, at) => {
    if (!isMap(document.contents)) return [];
    const apiVersion = document.getIn(['apiVersion']);
    const isOne = document.getIn(['kind']) === KIND && typeof apiVersion === 'string' && groupOf(apiVersion) === NOVAEDGE_GROUP;
    const [wrong] = isOne ? document.errors : [];
    if (wrong !== undefined) throw new CommandError('invalid', `${path}: not valid YAML: ${wrong.message}`);
    return isOne ? [{ path, text, document: at }] : [];
  });
}
