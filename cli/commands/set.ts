import type { Command } from 'commander';
import type { Json, JsonObject } from '../../shared/model/content.ts';
import { FederationSpecError, parseFederation } from '../../shared/model/federation-spec.ts';
import { loadConfig } from '../config/find-config.ts';
import { contextOf } from '../config/config.ts';
import type { Context } from '../config/config.ts';
import { CommandError } from '../errors.ts';
import { parseAssignment } from '../federation-object/assignment.ts';
import { findFederationObject } from '../federation-object/find-object.ts';
import type { FederationObject } from '../federation-object/find-object.ts';
import type { Host } from '../host.ts';
import { globalsOf } from '../options.ts';
import { print } from '../output/print.ts';
import { printable } from '../output/printable.ts';
import { showPath } from '../output/show-path.ts';
import { replaceFile } from '../write-file.ts';
import type { Assignment, Change } from '../yaml-edit/edit-document.ts';
import { documentsOf, editDocument } from '../yaml-edit/edit-document.ts';

interface Planned { readonly context: Context; readonly object: FederationObject; readonly text: string; readonly changes: readonly Change[]; readonly warnings: readonly string[] }

/** `federation set` */
export function addSet(federation: Command, host: Host): void {
  federation.command('set')
    .description('Changes fields of a member\'s NovaEdgeFederation, in its file in the member\'s folder')
    .argument('<assignments...>', 'PATH=VALUE, or PATH- to remove a field; spec. may be left out')
    .option('--all-contexts', 'at every member: settings that must be equal everywhere are in force when a majority has them')
    .action((words: readonly string[], { allContexts = false }: { readonly allContexts?: boolean }, command: Command) => {
      const options = globalsOf(command);
      const config = loadConfig(options.config, host);
      const contexts = allContexts ? config.contexts.filter(({ folder }) => folder !== undefined) : [contextOf(config, options.context)];
      if (contexts.length === 0) throw new CommandError('invalid', `no context in ${config.path} has a folder, so no file holds a federation object`);
      const assignments = words.map(parseAssignment);
      // All are checked before one is written: members that disagree are worse than a change that was refused.
      const planned = contexts.map((context) => plan(context, assignments));
      for (const { object, text, changes } of planned) if (changes.length > 0) replaceFile(object.path, object.text, text);
      print(host.out, options.output, {
        json: planned.map(({ context, object, changes, warnings }) => ({ context: context.name, file: object.path, changes: changes.map(({ path, before, after }) => ({ path, before: before ?? null, after: after ?? null })), warnings })),
        text: () => planned.map((one) => planText(one, showPath(one.object.path, host.workingFolder))).join(''),
      });
      for (const line of notesOn(planned, allContexts, config.contexts.length)) host.err.write(printable(`${line}\n`));
    });
}

function plan(context: Context, assignments: readonly Assignment[]): Planned {
  const object = findFederationObject(context);
  const { text, changes } = editDocument(object.text, object.document, assignments);
  const manifest = documentsOf(text)[object.document]?.toJS() as JsonObject;
  try {
    return { context, object, text, changes, warnings: parseFederation(manifest).warnings };
  } catch (cause) {
    if (!(cause instanceof FederationSpecError)) throw cause;
    throw new CommandError('invalid', `${object.path} would not be valid, so nothing was written anywhere: ${cause.message}`, { cause });
  }
}

const planText = ({ context, changes }: Planned, file: string): string =>
  (changes.length === 0 ? `${context.name}: ${file} unchanged\n` : changes.map(({ path, before, after }) => `${context.name}: ${file}: ${path}: ${valueText(before)} -> ${valueText(after)}\n`).join(''));

const valueText = (value: Json | undefined): string => (value === undefined ? '(not set)' : typeof value === 'string' ? value : JSON.stringify(value));

/** Settings that must be equal everywhere (DESIGN §4, membership). */
const SHARED = /^spec\.(?:mode|conflictResolution|splitBrain)\b/;

function notesOn(planned: readonly Planned[], allContexts: boolean, contexts: number): readonly string[] {
  const warnings = [...new Set(planned.flatMap((one) => one.warnings))].map((warning) => `warning: ${warning}`);
  const shared = planned.flatMap(({ changes }) => changes).find(({ path }) => SHARED.test(path));
  const alone = shared === undefined || allContexts || contexts < 2 ? [] : [`note: ${shared.path} must be equal at every member and is in force when a majority asks for it; --all-contexts sets it everywhere`];
  return [...warnings, ...alone];
}
