import type { Environment } from '../../../functions/environment.ts';
import { VARIABLES, writeQueues } from '../../../functions/environment.ts';

/** The variables that parse to this environment, as a deployment sets them. */
export function variablesOf(environment: Environment): Readonly<Record<string, string>> {
  const { deadLetterQueues, peerDomains, ...texts } = environment;
  const written: Readonly<Record<keyof Environment, string | undefined>> = { ...texts, deadLetterQueues: writeQueues(Object.fromEntries(deadLetterQueues)), peerDomains: peerDomains.join(',') };
  return Object.fromEntries(Object.entries(VARIABLES).map(([field, name]) => [name, written[field as keyof Environment] ?? '']));
}
