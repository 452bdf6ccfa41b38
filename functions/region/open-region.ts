import type { AwsClientOptions } from '../../shared/adapters/aws/index.ts';
import { AwsClient } from '../../shared/adapters/aws/index.ts';
import { openDynamo } from '../../shared/adapters/dynamodb/open-dynamo.ts';
import { EventBridgeEvents, EventBus } from '../../shared/adapters/eventbridge/index.ts';
import { secretText } from '../../shared/adapters/secrets/secrets.ts';
import { lineLogger } from '../../shared/adapters/system/line-logger.ts';
import type { Clock, Random } from '../../shared/ports/clock.ts';
import type { Logger } from '../../shared/ports/logger.ts';
import { newProcessMemory } from '../../shared/replica/process-memory.ts';
import type { Replica } from '../../shared/replica/replica.ts';
import { DEFAULT_LIMITS } from '../../shared/replica/replica.ts';
import { loadSettings } from '../../shared/replica/settings.ts';
import type { Environment } from '../environment.ts';
import { MemberSecret } from './member-secret.ts';
import { pollingWakeups } from './polling-wakeups.ts';
import type { Reach } from './reach.ts';

/** What an instance of a function keeps from one invocation to the next. */
export interface OpenRegion {
  readonly environment: Environment;
  readonly replica: Replica;
  readonly secret: MemberSecret;
  readonly aws: AwsClient;
  readonly bus: EventBus;
  readonly logger: Logger;
  /** One line of the function's log, as it is. */
  readonly writeLog: (line: string) => void;
  /**
   * Brings up to date what calls need besides the store: certificates, and the peers of the spec in force. To be awaited at the start
   * of every invocation that calls anybody or is called.
   */
  prepare(signal: AbortSignal): Promise<void>;
  /** Ends all connections. For tests; an instance just ends. */
  close(): void;
}

/** What of the machine a region is given, so that tests may own it. */
export interface Machine {
  readonly clock: Clock;
  readonly random: Random;
  readonly credentials: AwsClientOptions['credentials'];
  readonly writeLog: (line: string) => void;
}

/** Builds the region's parts once. Calls nobody yet. */
export function openRegion(environment: Environment, reach: Reach, { clock, random, credentials, writeLog }: Machine): OpenRegion {
  const { federationId, member, hub, peerDomains, awsRegion, awsEndpoint, regionalTable, ledgerTable, eventBus, memberSecret } = environment;
  const logger = lineLogger({ level: environment.logLevel, base: { local: member }, write: writeLog, nowMs: () => clock.nowMs() });
  const aws = new AwsClient({ region: awsRegion, endpoint: awsEndpoint, credentials });
  const bus = new EventBus(aws, eventBus);
  const secret = new MemberSecret((signal) => secretText(aws, memberSecret, signal), clock, logger);
  const peers = reach.peers({ federationId, tls: () => secret.current.tls, domains: peerDomains, onRefused: () => { secret.refused(); } });
  const replica: Replica = {
    identity: { federationId, member, hub, peerDomains },
    limits: DEFAULT_LIMITS,
    ...openDynamo({ client: aws, tables: { regional: regionalTable, ledger: ledgerTable }, member, sleep: (ms) => clock.sleep(ms), random: Math.random, onUnreadable: (item) => { logger.error('ledger-item-not-read', { ...item }); } }),
    peers, clock, random, logger,
    events: new EventBridgeEvents({ bus, federationId, member, clock, logger }),
    wakeups: pollingWakeups(clock),
    memory: newProcessMemory(),
  };
  return {
    environment, replica, secret, aws, bus, logger, writeLog,
    prepare: async (signal) => {
      const [settings] = await Promise.all([loadSettings(replica), reach.readsSecret ? secret.refresh(signal) : undefined]);
      peers.follow(settings.spec);
    },
    close: () => {
      peers.close();
      aws.close();
    },
  };
}
