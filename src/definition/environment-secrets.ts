// The part of the environment that says how secrets are kept and where others of them come from.
import { text, url } from './environment-readers.ts';
import { variable } from './environment-variable.ts';

export const secretVariables = {
  masterKey: variable(
    ['QUAYSIDE_MASTER_KEY'],
    text,
    'Wraps the keys of stored secrets: 32 bytes in base64. Generated into the data folder outside production.',
    { secret: true },
  ),
  masterKeyPrevious: variable(
    ['QUAYSIDE_MASTER_KEY_PREVIOUS'],
    text,
    'Keeps stored secrets readable while QUAYSIDE_MASTER_KEY changes.',
    { secret: true },
  ),
  masterKeyFile: variable(
    ['QUAYSIDE_MASTER_KEY_FILE'],
    text,
    'File with one master key per line, the newest first; read again during a rotation.',
    { example: '/run/secrets/quayside-master-key' },
  ),
  masterKeyCommand: variable(
    ['QUAYSIDE_MASTER_KEY_COMMAND'],
    text,
    'Program and arguments that print what that file would hold, such as the decryption by a KMS. No shell.',
    { example: '/usr/local/bin/master-key-from-kms' },
  ),
  awsRegion: variable(['AWS_REGION', 'AWS_DEFAULT_REGION'], text, 'Region of `${secret:aws:...}`.', {
    example: 'eu-central-1',
  }),
  awsAccessKeyId: variable(['AWS_ACCESS_KEY_ID'], text, 'Who reads `${secret:aws:...}`.'),
  awsSecretAccessKey: variable(['AWS_SECRET_ACCESS_KEY'], text, 'The key that signs its requests.', {
    secret: true,
  }),
  awsSessionToken: variable(['AWS_SESSION_TOKEN'], text, 'Session of temporary credentials.', {
    secret: true,
  }),
  awsEndpoint: variable(
    ['AWS_ENDPOINT_URL_SECRETS_MANAGER', 'AWS_ENDPOINT_URL'],
    url,
    "Replaces the address of the region's AWS Secrets Manager.",
    { example: 'https://vpce-0123.secretsmanager.eu-central-1.vpce.amazonaws.com' },
  ),
  vaultAddress: variable(['VAULT_ADDR'], url, 'Where `${secret:vault:...}` is read.', {
    example: 'https://vault.internal:8200',
  }),
  vaultToken: variable(['VAULT_TOKEN'], text, 'Token of its requests.', { secret: true }),
  vaultNamespace: variable(['VAULT_NAMESPACE'], text, 'Namespace of a Vault that has several.', {
    example: 'team-a',
  }),
} as const;
