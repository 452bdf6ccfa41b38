import { AwsCredentialsError } from './credentials.ts';

/** A service refused, or failed. `type` is its name for what happened, such as `ConditionalCheckFailedException`. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly type: string;
  readonly status: number;
  /** The whole answer: some errors say more than their type. */
  readonly answer: Readonly<Record<string, unknown>>;

  constructor(service: string, type: string, status: number, answer: Readonly<Record<string, unknown>>) {
    const message = answer['message'] ?? answer['Message'];
    super(`${service}: ${type}${typeof message === 'string' && message !== '' ? ` (${message})` : ''}`);
    this.type = type;
    this.status = status;
    this.answer = answer;
  }
}

/** No answer came, or none that can be read: the request may or may not have been carried out. */
export class AwsUnansweredError extends Error { override readonly name = 'AwsUnansweredError' }

/** What services say of credentials that have run out or were never good. */
const CREDENTIAL_TYPES = ['ExpiredTokenException', 'ExpiredToken', 'UnrecognizedClientException', 'InvalidClientTokenId', 'InvalidSignatureException', 'MissingAuthenticationTokenException', 'SignatureDoesNotMatch', 'RequestExpired'];

/** The error that an answer other than 200 is. */
export function errorOfAnswer(service: string, status: number, text: string, header: string | undefined): Error {
  const answer = parseObject(text);
  const given = header ?? answer['__type'] ?? answer['code'];
  // "com.amazonaws.dynamodb.v20120810#ThrottlingException", or "ThrottlingException:http://…"
  const type = typeof given === 'string' ? (given.split(':')[0] ?? '').split('#').at(-1) ?? '' : '';
  const error = new AwsError(service, type === '' ? `HTTP ${status.toString()}` : type, status, answer);
  return CREDENTIAL_TYPES.includes(type)
    ? new AwsCredentialsError(`AWS does not take the credentials of this process: ${error.message}. A function gets new ones with its next instance; check the clock, and that its role still exists`, { cause: error })
    : error;
}

/** An empty object for what is none: a proxy's page, half an answer. */
export function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}
