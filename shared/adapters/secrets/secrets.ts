import type { AwsClient, AwsService } from '../aws/index.ts';

const SECRETS_MANAGER: AwsService = { name: 'secretsmanager', target: 'secretsmanager', jsonVersion: '1.1' };
/** It asks for little, and everything waits for it. */
const ATTEMPTS = 3;

/**
 * The newest text of a secret. @param id its name or ARN
 *
 * @throws Error naming the secret, never what is in it
 */
export async function secretText(client: AwsClient, id: string, signal?: AbortSignal): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { SecretString: text } = await client.call<{ readonly SecretString?: string }>(SECRETS_MANAGER, 'GetSecretValue', { SecretId: id }, signal);
      if (text === undefined) throw new TypeError(`the secret ${id} holds no text: expected JSON`);
      return text;
    } catch (error) {
      if (attempt >= ATTEMPTS || error instanceof TypeError || signal?.aborted === true) throw error;
    }
  }
}
