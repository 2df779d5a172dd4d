// What must hold before anything is bound (spec servers §10; rulings "No authentication block", "npm start").
import { statSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import type { LoadedDefinition } from '../definition/load.ts';
import { issuersOf } from '../gate/credential/tokens/trusted-issuers.ts';

export interface StartCheckOptions {
  readonly definitions: readonly LoadedDefinition[];
  readonly host: string;
  readonly production: boolean;
  /** `QUAYSIDE_PUBLIC_URL`. */
  readonly environment: { readonly publicUrl: string | undefined };
}

export interface StartFindings {
  /** Any of them keeps the process from starting. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

const GROUP_AND_OTHERS_WRITE = 0o022;

/** Checks the whole process; each sentence names what to change. */
export function checkStart(options: StartCheckOptions): StartFindings {
  const errors: string[] = [];
  const warnings: string[] = [];
  for (const loaded of options.definitions) checkAuthentication(loaded, options, errors, warnings);
  if (options.production) checkProduction(options, errors);
  checkPublicUrl(options, warnings);
  return { errors, warnings };
}

/** Whether a bind address can be reached from this machine only. */
export function isLoopbackHost(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  return bare === 'localhost' || bare === '::1' || (!isIPv6(bare) && /^127(\.\d{1,3}){3}$/.test(bare));
}

function checkAuthentication(
  { definition, file }: LoadedDefinition,
  options: StartCheckOptions,
  errors: string[],
  warnings: string[],
): void {
  const { security } = definition;
  const authentication = security.enabled ? security.authentication : undefined;
  if (authentication?.enabled === true) {
    if (authentication.allowAnonymous)
      warnings.push(`${file}: callers without a credential are admitted as anonymous (allowAnonymous).`);
    return;
  }
  const what =
    security.authentication === undefined
      ? 'has no security.authentication block'
      : 'switches authentication off';
  const fix =
    'add security: { authentication: { enabled: true } } and make a key with `quayside keys create`';
  if (!isLoopbackHost(options.host)) {
    errors.push(
      `${file}: the server ${definition.slug} ${what}, but ${options.host} can be reached from other machines; ${fix}.`,
    );
  } else if (options.production) {
    errors.push(`${file}: the server ${definition.slug} ${what} in production; ${fix}.`);
  } else {
    warnings.push(
      `${file}: the server ${definition.slug} ${what}: everybody on this machine may call everything. To change that, ${fix}.`,
    );
  }
}

/** Clients of OAuth compare addresses to the letter, and only the operator knows what a proxy makes of ours. */
function checkPublicUrl({ definitions, host, environment }: StartCheckOptions, warnings: string[]): void {
  if (environment.publicUrl !== undefined || isLoopbackHost(host)) return;
  for (const { definition, file } of definitions) {
    if (issuersOf(definition).length === 0) continue;
    warnings.push(
      `${file}: clients are told to get tokens for http://<host>/mcp; set QUAYSIDE_PUBLIC_URL to the address that they use.`,
    );
  }
}

function checkProduction(options: StartCheckOptions, errors: string[]): void {
  for (const { file } of options.definitions) {
    // Windows has no such mode bits: its files say nothing here.
    if (process.platform !== 'win32' && (statSync(file).mode & GROUP_AND_OTHERS_WRITE) !== 0) {
      errors.push(`${file}: others can write this file, and so decide what runs here; run chmod go-w on it.`);
    }
  }
}
