import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { AwsClient } from '../../../shared/adapters/aws/index.ts';
import type { AwsService } from '../../../shared/adapters/aws/index.ts';
import { FaultProxy } from '../../emulator/fault-proxy.ts';
import { freePort, startMinistack } from '../../emulator/ministack.ts';
import type { Ministack } from '../../emulator/ministack.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..', '..');
const BIN = join(ROOT, 'node_modules', '.bin');
/** Node 24 runs the CDK and every function; the emulator takes the first one on its path. */
const PATH = `${join(ROOT, 'node_modules', 'node', 'bin')}:${BIN}:/usr/local/bin:/usr/bin:/bin`;
const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
const COMMAND_TIMEOUT_MS = 300_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

export const SERVICES = {
  dynamodb: { name: 'dynamodb', target: 'DynamoDB_20120810', jsonVersion: '1.0' },
  streams: { name: 'dynamodb', target: 'DynamoDBStreams_20120810', jsonVersion: '1.0' },
  secrets: { name: 'secretsmanager', target: 'secretsmanager', jsonVersion: '1.1' },
  logs: { name: 'logs', target: 'Logs_20140328', jsonVersion: '1.1' },
  queues: { name: 'sqs', target: 'AmazonSQS', jsonVersion: '1.0' },
} as const satisfies Readonly<Record<string, AwsService>>;

/** One AWS region: an emulator of its own, permissions enforced, with what the CDK deploys into it. */
export class EmulatedRegion {
  readonly region: string;
  readonly account: string;
  readonly client: AwsClient;
  readonly #faults: FaultProxy | undefined;
  readonly #state: string;
  readonly #seenByFunctions: Address;
  #emulator: Ministack;

  private constructor(region: string, account: string, state: string, seenByFunctions: Address, faults: FaultProxy | undefined, emulator: Ministack) {
    [this.region, this.account, this.#state, this.#seenByFunctions, this.#faults, this.#emulator] = [region, account, state, seenByFunctions, faults, emulator];
    this.client = new AwsClient({ region, endpoint: emulator.url, credentials: () => ({ accessKeyId: 'test', secretAccessKey: 'test', sessionToken: undefined }) });
  }

  /** @param withFaults whether a proxy stands between the deployed functions and their region; nobody else's calls go through it */
  static async start(region: string, account: string, withFaults: boolean): Promise<EmulatedRegion> {
    const [state, port] = [mkdtempSync(join(tmpdir(), `novaedge-${region}-`)), await freePort()];
    const direct = `http://127.0.0.1:${port.toString()}`;
    const faults = withFaults ? new FaultProxy(direct, Math.random) : undefined;
    const address = { port, endpoint: (await faults?.start()) ?? direct };
    return new EmulatedRegion(region, account, state, address, faults, await launch(region, account, state, address));
  }

  get url(): string { return this.#emulator.url; }

  /** What goes wrong, when it is told to, between the deployed functions and their region. */
  get faults(): FaultProxy {
    if (this.#faults === undefined) throw new Error(`${this.region} was started without faults`);
    return this.#faults;
  }

  /** What commands need to reach it. */
  get environment(): Readonly<Record<string, string>> {
    return { PATH, HOME: this.#state, ...CREDENTIALS, AWS_ENDPOINT_URL: this.url.replace('127.0.0.1', 'localhost'), AWS_REGION: this.region, AWS_EC2_METADATA_DISABLED: 'true', CI: '1', NO_COLOR: '1', CDK_DISABLE_CLI_TELEMETRY: '1', CDK_DISABLE_VERSION_CHECK: '1' };
  }

  /** Prepares the account as `cdk bootstrap` does, for once and all. */
  async bootstrap(): Promise<void> {
    await this.#cdk(['bootstrap', `aws://${this.account}/${this.region}`, '--app', '']);
  }

  async deploy(assembly: string, stacks: readonly string[]): Promise<string> {
    return this.#cdk(['deploy', '--app', assembly, '--require-approval', 'never', '--exclusively', ...stacks]);
  }

  /** A stack's outputs by name. */
  async outputs(stack: string): Promise<Readonly<Record<string, string>>> {
    const text = await this.#cloudFormation('DescribeStacks', stack);
    return Object.fromEntries([...text.matchAll(/<OutputKey>([^<]*)<\/OutputKey>\s*<OutputValue>([^<]*)<\/OutputValue>/g)].map(([, key = '', value = '']) => [key, value.replaceAll('&amp;', '&')]));
  }

  /** The template that a stack was deployed with. @throws Error where the emulator has none */
  async template(stack: string): Promise<unknown> {
    const body = /<TemplateBody>([^]*)<\/TemplateBody>/.exec(await this.#cloudFormation('GetTemplate', stack))?.[1];
    if (body === undefined) throw new Error(`${this.region} has no template of ${stack}`);
    return JSON.parse(body.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&apos;', "'").replaceAll('&#x27;', "'").replaceAll('&amp;', '&'));
  }

  pause(): void { this.#emulator.pause(); }
  resume(): void { this.#emulator.resume(); }

  /** Ends and comes back with its state, at the same address. */
  async restart(): Promise<void> {
    await this.#emulator.stop();
    this.#emulator = await launch(this.region, this.account, this.#state, this.#seenByFunctions);
  }

  async stop(): Promise<void> {
    this.client.close();
    await this.#emulator.stop();
    await this.#faults?.stop();
    rmSync(this.#state, { recursive: true, force: true });
  }

  async #cloudFormation(action: 'DescribeStacks' | 'GetTemplate', stack: string): Promise<string> {
    const body = new URLSearchParams({ Action: action, Version: '2010-05-15', StackName: stack });
    const headers = { authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${this.region}/cloudformation/aws4_request, SignedHeaders=host, Signature=0`, 'content-type': 'application/x-www-form-urlencoded' };
    return fetch(this.url, { method: 'POST', headers, body }).then((answer) => answer.text());
  }

  async #cdk(args: readonly string[]): Promise<string> {
    try {
      const { stdout, stderr } = await run(join(BIN, 'cdk'), args, { cwd: dirname(this.#state), env: this.environment, timeout: COMMAND_TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES });
      return stdout + stderr;
    } catch (cause) {
      const { stdout = '', stderr = '' } = cause as { stdout?: string; stderr?: string };
      throw new Error(`cdk ${args.join(' ')}:\n${(stdout + stderr).slice(-4000)}`, { cause });
    }
  }
}

/** Where an emulator listens, and what its functions call instead. */
interface Address { readonly port: number; readonly endpoint: string }

async function launch(region: string, account: string, state: string, { port, endpoint }: Address): Promise<Ministack> {
  mkdirSync(join(state, 'kept'), { recursive: true });
  return startMinistack({ port, environment: {
    PATH, ...CREDENTIALS, AUTH: 'true', EMULATOR_DEPLOYS: '1', PERSIST_STATE: '1', STATE_DIR: join(state, 'kept'), MINISTACK_REGION: region, MINISTACK_ACCOUNT_ID: account,
    // Handed on to every function, as is all of this.
    AWS_ENDPOINT_URL: endpoint, AWS_REGION: region,
  } });
}
