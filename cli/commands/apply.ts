import type { Command } from 'commander';
import { ReplicaError } from '../../shared/ports/errors.ts';
import type { ReplicaErrorCode } from '../../shared/ports/errors.ts';
import type { Operator } from '../../shared/ports/operator.ts';
import { withRegion } from '../connection/session.ts';
import type { Session } from '../connection/session.ts';
import { CommandError, errorLine } from '../errors.ts';
import type { Host } from '../host.ts';
import { parseManifests } from '../manifests/parse-manifests.ts';
import type { Prepared } from '../manifests/prepare-manifest.ts';
import { prepareManifest } from '../manifests/prepare-manifest.ts';
import { readNamed } from '../manifests/read-files.ts';
import { globalsOf } from '../options.ts';
import { print } from '../output/print.ts';
import { printable } from '../output/printable.ts';
import { printDone, printResource } from '../output/resource-name.ts';

interface ApplyOptions { readonly filename: readonly string[]; readonly recursive?: boolean; readonly namespace?: string }

type Applied = Awaited<ReturnType<Operator['apply']>>;

/** `apply` */
export function addApply(program: Command, host: Host): void {
  program.command('apply')
    .description('Writes resources, which every member then gets')
    .requiredOption('-f, --filename <file>', 'a file, a folder, or - for standard input; YAML or JSON, several documents (repeatable)', collect)
    .option('-R, --recursive', 'also the folders in a folder')
    .option('-n, --namespace <namespace>', 'of manifests that name none (default: default)')
    .action(async ({ filename, recursive = false, namespace }: ApplyOptions, command: Command) => {
      const options = globalsOf(command);
      const texts = await readNamed(filename, recursive, host);
      // Everything is read before anything is sent: a mistake in the last file must not leave half of a change behind.
      const prepared = texts.flatMap(({ name, text }) => parseManifests(name, text)).map((manifest) => prepareManifest(manifest, namespace));
      if (prepared.length === 0) throw new CommandError('invalid', `there are no manifests in ${filename.join(', ')}`);
      const isText = options.output === 'table' || options.output === 'wide';
      const tell = ({ key, outcome }: Applied): void => { if (isText) host.out.write(printable(`${printDone(key)} ${outcome}\n`)); };
      const { applied, failed } = await withRegion(host, options, (session) => applyAll(session, prepared, host, tell));
      if (!isText) print(host.out, options.output, { json: applied.map(({ key, version, outcome }) => ({ resource: printResource(key), key, version, outcome })), text: () => '' });
      if (failed !== undefined) throw failed;
    });
}

/** One refused resource does not hold up the others; the first refusal decides the exit code. */
async function applyAll({ operator, signal }: Session, prepared: readonly Prepared[], host: Host, tell: (applied: Applied) => void): Promise<{ readonly applied: readonly Applied[]; readonly failed: CommandError | undefined }> {
  const applied: Applied[] = [];
  const refusals: ReplicaError[] = [];
  for (const { where, key, text } of prepared) {
    signal.throwIfAborted();
    try {
      const done = await applyOne(operator, text, host);
      applied.push(done);
      tell(done);
    } catch (error) {
      if (!(error instanceof ReplicaError) || CONCERNS_ALL.includes(error.code)) throw error;
      refusals.push(error);
      host.err.write(printable(`${errorLine(error)} (${where}, ${printResource(key)})\n`));
    }
  }
  const [first] = refusals;
  if (first === undefined) return { applied, failed: undefined };
  return { applied, failed: new CommandError(first.code, `${refusals.length.toString()} of ${prepared.length.toString()} resources were not applied`, { cause: first }) };
}

/** Regions let an operator make 50 calls a second after the first 500, so a large folder has to wait now and then. */
const PAUSE_MS = 1000;
const MAX_PAUSES = 30;

/** Under one request id, so that however often it is sent it is done once. */
async function applyOne(operator: Operator, text: string, host: Host): Promise<Applied> {
  const requestId = host.newRequestId();
  for (let pause = 1; ; pause += 1) {
    try {
      return await operator.apply(text, requestId);
    } catch (error) {
      const mayPass = error instanceof ReplicaError && (error.code === 'quota' || error.code === 'busy');
      if (!mayPass || pause > MAX_PAUSES) throw error;
      await host.sleep(PAUSE_MS);
    }
  }
}

/** The next resource would fare no better. */
const CONCERNS_ALL: readonly ReplicaErrorCode[] = ['unavailable', 'initializing', 'recovering', 'fenced', 'paused'];

const collect = (value: string, previous: readonly string[] | undefined): readonly string[] => [...(previous ?? []), value];
