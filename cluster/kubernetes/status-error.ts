import type { Json, JsonObject } from '../../shared/model/content.ts';
import { isObject } from '../../shared/model/content.ts';
import { ClusterUnavailableError } from '../bridge/cluster-port.ts';
import type { WriteOutcome } from '../bridge/cluster-port.ts';

/** The API server answered, and its answer is no: a Kubernetes `Status`. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  /** HTTP status. */
  readonly code: number;
  /** As Kubernetes names it: `NotFound`, `AlreadyExists`, `Invalid`, … */
  readonly reason: string;
  /** The parts of it, each with a reason of its own. */
  readonly causes: readonly { readonly reason: string; readonly message: string; readonly field: string }[];
  /** Of what the answer speaks: the resource's plural (`namespaces`), where it says so. */
  readonly about: string;

  constructor(code: number, body: unknown) {
    const status = isObject(body) ? body : {};
    const details: JsonObject = isObject(status['details']) ? status['details'] : {};
    super(textOr(status['message'], `the API server answered ${code.toString()}`));
    this.code = code;
    this.reason = textOr(status['reason'], 'Unknown');
    this.about = textOr(details['kind'], '');
    const causes = Array.isArray(details['causes']) ? details['causes'] : [];
    this.causes = causes.filter(isObject).map((cause) => ({ reason: textOr(cause['reason'], ''), message: textOr(cause['message'], ''), field: textOr(cause['field'], '') }));
  }
}

const textOr = (value: Json | undefined, otherwise: string): string => (typeof value === 'string' && value !== '' ? value : otherwise);

export const isStatus = (error: unknown, code: number): error is StatusError => error instanceof StatusError && error.code === code;

/** For calls that the cluster as such has to answer: whatever it says instead is no outcome for one object. */
export function asUnavailable(error: unknown, what: string): unknown {
  return error instanceof StatusError ? new ClusterUnavailableError(`${what}: ${error.message}`, { cause: error }) : error;
}

/**
 * What a refused write means for the object it was meant for.
 *
 * @throws the error itself where it speaks of the cluster and not of the object
 */
export function refusalOf(error: unknown): WriteOutcome {
  if (!(error instanceof StatusError)) throw error;
  const refused = (reason: string): WriteOutcome => ({ kind: 'refused', reason, message: error.message });
  switch (error.code) {
    case 409: return error.reason === 'AlreadyExists' || error.reason === 'Conflict' ? { kind: 'conflict' } : refused(error.reason);
    case 404: return error.about === 'namespaces' ? refused('NamespaceMissing') : refused('KindNotServed');
    case 403: return refused(error.causes.some(({ reason }) => reason === 'NamespaceTerminating') ? 'Terminating' : 'Forbidden');
    case 413: return refused('TooLarge');
    // A version that never was.
    case 422: return error.causes.some(({ field }) => field === 'metadata.resourceVersion') ? { kind: 'conflict' } : refused('Invalid');
    case 400: case 405: case 415: return refused('Invalid');
    case 500:
      // Said of one object by a webhook that does not answer, or by the store.
      if (error.message.includes('failed calling webhook')) return refused('AdmissionFailed');
      if (error.message.includes('request is too large')) return refused('TooLarge');
      throw asUnavailable(error, 'the API server failed');
    default: throw asUnavailable(error, 'the API server refused');
  }
}
