import { dirname, isAbsolute, join, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import * as z from 'zod';
import { ENDPOINT_ACCEPTED, isEndpoint } from '../../shared/model/endpoint.ts';
import { nearestName } from '../../shared/model/nearest-name.ts';
import { CommandError } from '../errors.ts';

/** A region to talk to, and who to be there. Paths are absolute. */
export interface Context {
  readonly name: string;
  /** `host:port` of the member's endpoint. */
  readonly server: string;
  /** The authority that vouches for the server. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** The name in the server's certificate, where it is not the host's. */
  readonly serverName: string | undefined;
  /** The member's name, where it is not the context's. */
  readonly member: string | undefined;
  /** The member's folder of manifests, where its cluster is one. */
  readonly folder: string | undefined;
}

export interface Config {
  /** The file it was read from. */
  readonly path: string;
  readonly contexts: readonly Context[];
  readonly currentContext: string | undefined;
}

const name = z.string().min(1);
const configSchema = z.strictObject({
  'current-context': name.nullish(),
  contexts: z.array(z.strictObject({
    name,
    server: z.string().refine(isEndpoint, { error: ({ input }) => `${JSON.stringify(input)} is not an endpoint; accepted ${ENDPOINT_ACCEPTED}` }),
    ca: name,
    cert: name,
    key: name,
    serverName: name.optional(),
    member: name.optional(),
    folder: name.optional(),
  })),
});

/**
 * Reads a configuration's text.
 *
 * @param path of the file, which relative paths start from
 * @param homeFolder what `~/` stands for
 * @throws CommandError naming the file and the field
 */
export function parseConfig(text: string, path: string, homeFolder: string): Config {
  const document = parseDocument(text, { prettyErrors: true });
  const [wrong] = document.errors;
  if (wrong !== undefined) throw new CommandError('invalid', `${path}: ${wrong.message.split('\n')[0] ?? 'not valid YAML'}`);
  const parsed = configSchema.safeParse(document.toJS() ?? { contexts: [] });
  if (!parsed.success) throw new CommandError('invalid', `${path}: ${describeIssue(parsed.error.issues)}`);
  const at = (given: string): string => (given.startsWith('~/') ? join(homeFolder, given.slice(2)) : isAbsolute(given) ? given : resolve(dirname(path), given));
  const contexts = parsed.data.contexts.map((context): Context => ({
    ...context,
    ca: at(context.ca),
    cert: at(context.cert),
    key: at(context.key),
    serverName: context.serverName,
    member: context.member,
    folder: context.folder === undefined ? undefined : at(context.folder),
  }));
  const twice = contexts.find((context, index) => contexts.findIndex((other) => other.name === context.name) < index);
  if (twice !== undefined) throw new CommandError('invalid', `${path}: the context ${twice.name} stands there twice; every context needs a name of its own`);
  return { path, contexts, currentContext: parsed.data['current-context'] ?? undefined };
}

function describeIssue(issues: readonly z.core.$ZodIssue[]): string {
  const [first] = issues;
  if (first === undefined) return 'is not a configuration';
  const field = first.path.map((part, at) => (typeof part === 'number' ? `[${part.toString()}]` : `${at === 0 ? '' : '.'}${String(part)}`)).join('');
  return `${field === '' ? 'the file' : field}: ${first.message}`;
}

/**
 * The context of this name, or the current one.
 *
 * @throws CommandError listing those there are
 */
export function contextOf(config: Config, asked: string | undefined): Context {
  const wanted = asked ?? config.currentContext;
  const names = config.contexts.map((context) => context.name);
  const known = names.length === 0 ? 'there are none' : `contexts are ${names.join(', ')}`;
  if (wanted === undefined) {
    const [only, second] = config.contexts;
    if (only !== undefined && second === undefined) return only;
    throw new CommandError('invalid', `no context is chosen in ${config.path}; ${known}. Give --context NAME, or choose one with: novactl config use-context NAME`);
  }
  const found = config.contexts.find((context) => context.name === wanted);
  if (found !== undefined) return found;
  const near = nearestName(wanted, names);
  throw new CommandError('invalid', `there is no context ${JSON.stringify(wanted)} in ${config.path}; ${known}${near === undefined ? '' : `. Did you mean ${near}?`}`);
}
