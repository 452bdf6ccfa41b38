import { CATALOG } from '../../../functions/catalog.ts';
import type { FunctionName } from '../../../functions/names.ts';
import type { EmulatedRegion } from './emulated-region.ts';
import { SERVICES } from './emulated-region.ts';

/** A deployed function, as far as tests look at it. */
export interface DeployedFunction { readonly FunctionName: string; readonly FunctionArn: string; readonly Description: string; readonly Role: string; readonly LoggingConfig: { readonly LogGroup: string } }

/** How an invocation ended. `error` is what Lambda calls a function's failure; its answer is then what was thrown. */
export interface Invoked { readonly status: number; readonly error: string | undefined; readonly answer: unknown }

const LAMBDA = '/2015-03-31';

/** By the scope of a signature the emulator tells for which service and region a request is. */
export const scopeOf = ({ region }: EmulatedRegion, service: string) =>
  ({ authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0` });

export async function deployedFunction(emulator: EmulatedRegion, name: FunctionName): Promise<DeployedFunction> {
  const { Functions } = await lambda<{ readonly Functions: readonly DeployedFunction[] }>(emulator, 'GET', '/functions/');
  // CloudFormation names it, and cuts what is too long.
  const found = Functions.find(({ Description }) => Description === CATALOG[name].purpose);
  if (found === undefined) throw new Error(`${name} is not deployed: ${Functions.map(({ Description }) => Description).join(' ')}`);
  return found;
}

/** Invokes a deployed function and waits for its answer. */
export async function invoke(emulator: EmulatedRegion, name: FunctionName, event: object): Promise<Invoked> {
  const { FunctionName } = await deployedFunction(emulator, name);
  const response = await fetch(`${emulator.url}${LAMBDA}/functions/${FunctionName}/invocations`, { method: 'POST', headers: scopeOf(emulator, 'lambda'), body: JSON.stringify(event) });
  const text = await response.text();
  return { status: response.status, error: response.headers.get('x-amz-function-error') ?? undefined, answer: text === '' ? undefined : JSON.parse(text) as unknown };
}

/** What a function has put in its log group so far: its own lines, of JSON. */
export async function logOf(emulator: EmulatedRegion, name: FunctionName): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { LoggingConfig: { LogGroup } } = await deployedFunction(emulator, name);
  const lines: string[] = [];
  let from: string | undefined;
  do {
    const page = await emulator.client.call<{ readonly events: readonly { readonly message: string }[]; readonly nextToken?: string }>(SERVICES.logs, 'FilterLogEvents', { logGroupName: LogGroup, ...(from !== undefined && { nextToken: from }) })
      // Its log begins with its first invocation.
      .catch((error: unknown) => { if (String(error).includes('ResourceNotFound')) return { events: [] }; throw error; });
    lines.push(...page.events.map(({ message }) => message));
    from = 'nextToken' in page ? page.nextToken : undefined;
  } while (from !== undefined);
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

/** Turns a function's mapping of a stream on or off; what comes meanwhile waits in the stream. */
export async function switchStream(emulator: EmulatedRegion, name: FunctionName, isOn: boolean): Promise<void> {
  const { FunctionArn } = await deployedFunction(emulator, name);
  const { EventSourceMappings } = await lambda<{ readonly EventSourceMappings: readonly { readonly UUID: string; readonly FunctionArn: string }[] }>(emulator, 'GET', '/event-source-mappings/');
  const mappings = EventSourceMappings.filter((mapping) => mapping.FunctionArn === FunctionArn);
  if (mappings.length !== 1) throw new Error(`${name} has ${mappings.length.toString()} mappings, not one`);
  for (const { UUID } of mappings) await lambda(emulator, 'PUT', `/event-source-mappings/${UUID}`, { Enabled: isOn });
}

async function lambda<Answer>(emulator: EmulatedRegion, method: string, path: string, body?: object): Promise<Answer> {
  const response = await fetch(`${emulator.url}${LAMBDA}${path}`, { method, headers: scopeOf(emulator, 'lambda'), ...(body !== undefined && { body: JSON.stringify(body) }) });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status.toString()} ${await response.text()}`);
  return await response.json() as Answer;
}
