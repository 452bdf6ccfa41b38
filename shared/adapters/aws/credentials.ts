/** What requests are signed with. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of credentials that expire, as a function's are. */
  readonly sessionToken: string | undefined;
}

/** There are no credentials, or AWS takes them no longer. What was asked for was not carried out. */
export class AwsCredentialsError extends Error { override readonly name = 'AwsCredentialsError' }

/**
 * Credentials from environment variables, read anew at every call: whoever rotates them there need not tell anybody.
 *
 * @throws AwsCredentialsError naming the variable that is missing
 */
export const credentialsFrom = (variables: Readonly<Record<string, string | undefined>>) => (): AwsCredentials => {
  const required = (name: string): string => {
    const value = variables[name] ?? '';
    if (value === '') throw new AwsCredentialsError(`${name} is not set: expected the credentials that the Lambda runtime gives a function, or a user's`);
    return value;
  };
  return { accessKeyId: required('AWS_ACCESS_KEY_ID'), secretAccessKey: required('AWS_SECRET_ACCESS_KEY'), sessionToken: variables['AWS_SESSION_TOKEN'] || undefined };
};
