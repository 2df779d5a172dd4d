// AWS Secrets Manager: GetSecretValue, signed with Signature Version 4.
import type { Egress } from '../../egress/egress.ts';
import { type AwsCredentials, signAwsRequest } from './aws-signature.ts';
import { askManager, ManagerError, parseObject, type ReadManaged } from './manager.ts';

/** The standard names of the AWS tools. */
export interface AwsSettings {
  readonly region?: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly sessionToken?: string;
  /** Replaces the address of the region's service. */
  readonly endpoint?: string;
}

const TYPE = 'application/x-amz-json-1.1';

/** Reads the current version of secrets by name or ARN. A binary secret is refused. */
export function readFromAws(
  settings: AwsSettings,
  egress: Pick<Egress, 'fetch'>,
  now: () => Date,
): ReadManaged {
  return async (path) => {
    const { region, credentials } = completeSettings(settings);
    const url = new URL(settings.endpoint ?? `https://secretsmanager.${region}.amazonaws.com/`);
    const body = JSON.stringify({ SecretId: path });
    const headers = { 'content-type': TYPE, 'x-amz-target': 'secretsmanager.GetSecretValue' };
    const signed = signAwsRequest(
      { url, headers, body, region, service: 'secretsmanager' },
      credentials,
      now(),
    );
    const answer = await askManager(egress, 'AWS Secrets Manager', {
      url: url.href,
      method: 'POST',
      headers: signed,
      body,
    });
    const text = answer.SecretString;
    if (typeof text !== 'string') throw new ManagerError('is a binary secret.', 'Store it as text.');
    return parseObject(text) ?? text;
  };
}

function completeSettings({ region, accessKeyId, secretAccessKey, sessionToken }: AwsSettings): {
  readonly region: string;
  readonly credentials: AwsCredentials;
} {
  if (region === undefined || accessKeyId === undefined || secretAccessKey === undefined) {
    throw new ManagerError(
      'needs AWS credentials.',
      'Set AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
    );
  }
  const token = sessionToken === undefined ? {} : { sessionToken };
  return { region, credentials: { accessKeyId, secretAccessKey, ...token } };
}
