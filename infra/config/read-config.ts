import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import type * as z from 'zod';
import { crossChecks } from './checks.ts';
import type { Mistake } from './checks.ts';
import type { FederationConfig } from './federation-config.ts';
import { configSchema } from './fields.ts';
import type { ConfigFile } from './fields.ts';
import { truststoreProblem } from './truststore.ts';

/** A configuration that cannot be deployed; `mistakes` has every one of them, the message all in words. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly mistakes: readonly Mistake[];

  constructor(path: string, mistakes: readonly Mistake[]) {
    super(`${path}:\n${mistakes.map(({ field, problem }) => `  ${field} ${problem}`).join('\n')}`);
    this.mistakes = mistakes;
  }
}

/**
 * Reads and checks a configuration, truststores included. All that is wrong is found at once, before anything is synthesized.
 *
 * @param now in milliseconds since 1970, for the validity of authorities
 * @throws ConfigError naming each field, what is wrong, and what is accepted
 */
export function readConfig(path: string, now = Date.now()): FederationConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new ConfigError(path, [{ field: 'the file', problem: 'cannot be read: expected a configuration such as docs/examples/aws/federation.aws.yaml; another path is given with -c config=PATH' }]);
  }
  return parseConfig(text, path, now);
}

/**
 * The same of a text; paths in it start from the folder of `path`.
 *
 * @throws ConfigError
 */
export function parseConfig(text: string, path: string, now = Date.now()): FederationConfig {
  const document = parseDocument(text, { prettyErrors: true });
  const [wrong] = document.errors;
  if (wrong !== undefined) throw new ConfigError(path, [{ field: 'the file', problem: `is not YAML: ${wrong.message.split('\n')[0] ?? ''}` }]);
  const parsed = configSchema.safeParse(document.toJS());
  if (!parsed.success) throw new ConfigError(path, parsed.error.issues.flatMap(mistakesOf));
  const file = parsed.data;
  const folder = dirname(path);
  const mistakes = [...crossChecks(file), ...truststoreMistakes(file, folder, now)];
  if (mistakes.length > 0) throw new ConfigError(path, mistakes);
  return configOf(file, folder);
}

function mistakesOf(issue: z.core.$ZodIssue): readonly Mistake[] {
  const field = fieldPath(issue.path);
  if (issue.code !== 'unrecognized_keys') return [{ field: field === '' ? 'the file' : field, problem: issue.message }];
  const known = Object.keys(field === '' ? configSchema.shape : configSchema.shape.members.element.shape);
  return issue.keys.map((key) => ({ field: fieldPath([...issue.path, key]), problem: `is not a field: expected one of ${known.join(', ')}` }));
}

const fieldPath = (path: readonly PropertyKey[]): string =>
  path.map((part, at) => (typeof part === 'number' ? `[${part.toString()}]` : `${at === 0 ? '' : '.'}${String(part)}`)).join('');

function truststoreMistakes({ members }: ConfigFile, folder: string, now: number): readonly Mistake[] {
  return members.flatMap(({ truststore }, at) => {
    const problem = truststoreProblem(resolve(folder, truststore), now);
    return problem === undefined ? [] : [{ field: `members[${at.toString()}].truststore`, problem }];
  });
}

const configOf = ({ federationID, members, hub, ...settings }: ConfigFile, folder: string): FederationConfig => ({
  ...settings,
  federationId: federationID,
  hub,
  members: members.map((member) => ({
    ...member,
    truststore: resolve(folder, member.truststore),
    ownershipCertificateArn: member.ownershipCertificateArn,
    alarmTopicArn: member.alarmTopicArn,
    restoredTable: member.restoredTable,
  })),
});
