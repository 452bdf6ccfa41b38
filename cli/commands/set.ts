import type { Command } from 'commander';
import type { Json, JsonObject } from '../../shared/model/content.ts';
import { FederationSpecError, parseFederation } from '../../shared/model/federation-spec.ts';
import { loadConfig } from '../config/find-config.ts';
import { contextOf } from '../config/config.ts';
import type { Config, Context } from '../config/config.ts';
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
    .option('--all-contexts', 'at every member; mode, strategy and split-brain settings are, unless --context names one')
    .action((words: readonly string[], { allContexts = false }: { readonly allContexts?: boolean }, command: Command) => {
      const options = globalsOf(command);
      const config = loadConfig(options.config, host);
      const assignments = words.map(parseAssignment);
      const contexts = contextsFor(config, assignments, allContexts, options.context);
      // All are checked before one is written: members that disagree are worse than a change that was refused.
      const planned = contexts.map((context) => plan(context, assignments));
      for (const { object, text, changes } of planned) if (changes.length > 0) replaceFile(object.path, object.text, text);
      print(host.out, options.output, {
        json: planned.map(({ context, object, changes, warnings }) => ({ context: context.name, file: object.path, changes: changes.map(({ path, before, after }) => ({ path, before: before ?? null, after: after ?? null })), warnings })),
        text: () => planned.map((one) => planText(one, showPath(one.object.path, host.workingFolder))).join(''),
      });
      for (const line of notesOn(planned, config.contexts.length)) host.err.write(printable(`${line}\n`));
    });
}

/**
 * The contexts whose members are to change: the one that was named, or all that were asked for. What must be equal at every member is
 * set at all members of the current one's federation.
 */
function contextsFor(config: Config, assignments: readonly Assignment[], all: boolean, named: string | undefined): readonly Context[] {
  const withFolder = config.contexts.filter(({ folder }) => folder !== undefined);
  if (all && withFolder.length === 0) throw new CommandError('invalid', `no context in ${config.path} has a folder, so no file holds a federation object`);
  if (all) return withFolder;
  const current = contextOf(config, named);
  if (named !== undefined || !assignments.some(isShared)) return [current];
  const federation = federationOf(current);
  return withFolder.filter((context) => context.name === current.name || federationOf(context) === federation);
}

function federationOf(context: Context): unknown {
  const { text, document } = findFederationObject(context);
  return documentsOf(text)[document]?.getIn(['spec', 'federationID']);
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
const SHARED: readonly unknown[] = ['mode', 'conflictResolution', 'splitBrain'];
const isShared = ({ path: [top, field] }: Assignment): boolean => top === 'spec' && SHARED.includes(field);

function notesOn(planned: readonly Planned[], contexts: number): readonly string[] {
  const warnings = [...new Set(planned.flatMap((one) => one.warnings))].map((warning) => `warning: ${warning}`);
  const shared = planned.flatMap(({ changes }) => changes).find(({ path }) => SHARED.some((field) => new RegExp(`^spec\\.${String(field)}\\b`).test(path)));
  const alone = shared === undefined || planned.length > 1 || contexts < 2 ? [] : [`note: ${shared.path} must be equal at every member and is in force when a majority asks for it; --all-contexts sets it everywhere`];
  return [...warnings, ...alone];
}
