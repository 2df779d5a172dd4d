// The part of the environment that says where the state is kept, and who logs in there.
import { key256, storeUrl, text, wholeNumber } from './environment-readers.ts';
import { variable } from './environment-variable.ts';

export const databaseVariables = {
  databaseUrl: variable(
    ['DATABASE_URL'],
    storeUrl,
    'PostgreSQL that keeps the state; without it, or with a `sqlite:` address, it lies in the data folder. Wins over DB_HOST and its companions.',
    { example: 'postgres://quayside@db.internal:5432/quayside', secret: true },
  ),
  databaseContextKey: variable(
    ['DATABASE_CONTEXT_KEY'],
    key256,
    'Signs tenant contexts; needed where the user of DATABASE_URL is not the owner of the tables.',
    { secret: true },
  ),
  databaseHost: variable(['DB_HOST'], text, 'Host of that PostgreSQL, where DATABASE_URL is unset.', {
    example: 'db.internal',
  }),
  databasePort: variable(['DB_PORT'], wholeNumber(1, 65_535), 'Its port.', { fallback: '5432' }),
  databaseName: variable(['DB_NAME'], text, 'Its database.', { fallback: 'quayside' }),
  databaseUser: variable(['DB_USER'], text, 'Its user.', { fallback: 'quayside' }),
  databasePassword: variable(['DB_PASSWORD'], text, 'The password of that user.', { secret: true }),
  databaseLoginFile: variable(
    ['DATABASE_LOGIN_FILE'],
    text,
    'File with `user:password` of that database, read for each new session; wins over the login given elsewhere. `quayside rotate-secrets --name database-password` writes it.',
    { example: '/run/secrets/quayside-database' },
  ),
  databaseAdminUrl: variable(
    ['DATABASE_ADMIN_URL'],
    storeUrl,
    'A user of that PostgreSQL who may create roles; read by `quayside rotate-secrets --name database-password` alone.',
    { example: 'postgres://postgres@db.internal:5432/quayside', secret: true },
  ),
} as const;
