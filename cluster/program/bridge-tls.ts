import { readFile } from 'node:fs/promises';
import type { ClientTls } from '../../shared/adapters/connect/index.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Logger } from '../../shared/ports/logger.ts';
import type { Condition } from '../../shared/ports/region.ts';
import { ClusterUnavailableError } from '../bridge/cluster-port.ts';
import type { KubeClient } from '../kubernetes/client.ts';
import { readSecret, SecretError } from '../kubernetes/secrets.ts';
import { isObject } from '../../shared/model/content.ts';
import type { JsonObject } from '../../shared/model/content.ts';
import type { CertificateProblem, ExpectedHolder, Pems } from './certificate-checks.ts';
import { certificatesOf, checkAuthority, checkHolder } from './certificate-checks.ts';
import type { TlsSource } from './options.ts';
import { authorityTexts, referencedProblems } from './referenced-certificates.ts';

/** How soon a renewed certificate is taken up: two small requests each time. */
const RELOAD_MS = 10_000;

export interface BridgeTlsParts {
  readonly source: TlsSource;
  readonly client: KubeClient;
  readonly namespace: string;
  readonly expected: ExpectedHolder;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The spec of the federation object in force here, whose Secrets are looked into as well; undefined where there is none. */
  readonly spec: (signal: AbortSignal) => Promise<JsonObject | undefined>;
  /** Called when the condition says something else. */
  readonly changed: () => void;
}

/** The bridge's certificates as they are now. What is unreadable or another's is not taken up: the last good ones stay. */
export class BridgeTls {
  readonly #parts: BridgeTlsParts;
  #current: Pems | undefined;
  #problems: readonly CertificateProblem[] = [];
  #referenced: readonly CertificateProblem[] = [];
  #told: string | undefined;

  constructor(parts: BridgeTlsParts) {
    this.#parts = parts;
  }

  /** For the next call to the region. @throws Error naming what is wrong, while there has never been a good one */
  readonly tls = (): ClientTls => {
    if (this.#current === undefined) throw new Error(`there is no certificate to call the region with: ${this.#problems.map(({ message }) => message).join('; ') || 'not read yet'}`);
    const { ca, cert, key } = this.#current;
    return { ca, cert, key };
  };

  condition(): Condition {
    const all = [...this.#problems, ...this.#referenced];
    const [first] = [...all.filter(({ isFatal }) => isFatal), ...all];
    const message = all.map((problem) => problem.message).join('; ');
    if (first === undefined) return { type: 'CertificatesValid', status: 'True', reason: 'Valid', message: 'certificates are in use and in order' };
    return { type: 'CertificatesValid', status: first.isFatal ? 'False' : 'True', reason: first.reason, message };
  }

  /** Reads them once, then again and again until the signal is aborted. Resolves after the first time. */
  async start(signal: AbortSignal): Promise<void> {
    await this.#look(signal);
    void this.#keepLooking(signal);
  }

  async #keepLooking(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#parts;
    for (;;) {
      await clock.sleep(RELOAD_MS, signal).catch(() => undefined);
      if (signal.aborted) return;
      await this.#look(signal).catch((error: unknown) => { logger.debug('certificates-not-read', { reason: String(error) }); });
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    await this.#load(signal);
    await this.#lookAtReferenced(signal);
    const condition = JSON.stringify(this.condition());
    const isNews = this.#told !== undefined && this.#told !== condition;
    this.#told = condition;
    if (isNews) this.#parts.changed();
  }

  /** What others' certificates are like is for a person to know; nothing here waits for it. */
  async #lookAtReferenced(signal: AbortSignal): Promise<void> {
    const { client, namespace, expected, clock, spec } = this.#parts;
    try {
      const given = await spec(signal);
      this.#referenced = isObject(given) ? await referencedProblems(client, namespace, given, expected, clock.nowMs(), signal) : [];
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ClusterUnavailableError)) throw error;
    }
  }

  async #load(signal: AbortSignal): Promise<void> {
    const { clock, expected, logger, source } = this.#parts;
    const read = await this.#read(signal);
    if (read === undefined) return;
    const [caPlace, holderPlace] = source.kind === 'files' ? [source.ca, source.cert] : [`the Secret ${source.ca}`, `the Secret ${source.client}`];
    const problems = 'problem' in read ? [read.problem] : [...checkAuthority(read.ca, caPlace, clock.nowMs()), ...checkHolder(read, expected, holderPlace, clock.nowMs())];
    const before = this.#problems.map(({ message }) => message).join();
    this.#problems = problems;
    if (problems.map(({ message }) => message).join() !== before) for (const { reason, message } of problems) logger.warn('certificate-problem', { reason, message });
    if ('problem' in read || problems.some(({ isFatal }) => isFatal)) return;
    const isNews = this.#current?.cert !== read.cert || this.#current.ca !== certificatesOf(read.ca);
    this.#current = { ...read, ca: certificatesOf(read.ca) };
    if (isNews) logger.info('certificates-taken-up', { from: holderPlace });
  }

  /** Undefined: nobody answers at present. */
  async #read(signal: AbortSignal): Promise<Pems | { readonly problem: CertificateProblem } | undefined> {
    const { source, client, namespace } = this.#parts;
    try {
      if (source.kind === 'files') {
        const [ca, cert, key] = await Promise.all([source.ca, source.cert, source.key].map((path) => readFile(path, 'utf8')));
        return { ca: ca ?? '', cert: cert ?? '', key: key ?? '' };
      }
      const [authority, holder] = await Promise.all([readSecret(client, namespace, source.ca, signal), readSecret(client, namespace, source.client, signal)]);
      return { ca: authorityTexts(authority), cert: holder['tls.crt'] ?? '', key: holder['tls.key'] ?? '' };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ClusterUnavailableError) return undefined;
      return { problem: { reason: error instanceof SecretError ? 'SecretMissing' : 'Unreadable', isFatal: true, message: error instanceof Error ? error.message : String(error) } };
    }
  }
}
