// Security schemes as placeholders of secrets; no value of a credential is ever made up.

import type { Documents } from './documents.ts';
import type { ImportCredential } from './import-report.ts';
import { entriesOf, isRecord, listOf, memberOf, textOf } from './json-value.ts';
import type { ApiVersion, Operation } from './operation.ts';
import { versionOf } from './read-operations.ts';
import { literal, type RequestParts } from './request-parts.ts';

/** Where one scheme puts its credential. */
interface Scheme {
  readonly name: string;
  readonly in: 'header' | 'query' | 'cookie';
  readonly field: string;
  /** Text before the credential. */
  readonly prefix: string;
  readonly expects: string;
}

export interface CredentialOptions {
  /** Placeholders by the name of a scheme; those of others are made from `prefix`. */
  readonly given: Readonly<Record<string, string>>;
  /** Whether schemes without a given placeholder get one. */
  readonly makesPlaceholders: boolean;
  /** Title of the API. */
  readonly title: string;
}

export interface Credentials {
  /** Adds what the operation demands to its request; the problem in words where that cannot be. */
  add(operation: Operation, parts: RequestParts): string | undefined;
  /** Those that were added to any request. */
  readonly used: readonly ImportCredential[];
}

export function createCredentials(documents: Documents, options: CredentialOptions): Credentials {
  const { root } = documents;
  const version = versionOf(root.value);
  const used = new Map<string, ImportCredential>();
  const schemes = new Map(
    schemesOf(root.value, version).map(([name, value]) => [
      name,
      readScheme(name, documents.resolve({ uri: root.uri, value })?.value),
    ]),
  );
  const placeholderOf = (name: string): string | undefined =>
    Object.hasOwn(options.given, name)
      ? options.given[name]
      : options.makesPlaceholders
        ? `\${${variableOf(options.title, name)}}`
        : undefined;

  return {
    get used() {
      return [...used.values()];
    },
    add(operation, parts) {
      const alternatives = requirementsOf(operation, root.value);
      if (alternatives.length === 0) return undefined;
      const usable = alternatives.find((names) =>
        names.every((name) => schemes.get(name) !== undefined && placeholderOf(name) !== undefined),
      );
      if (usable === undefined) return problemOf(alternatives, schemes);
      for (const name of usable) {
        const scheme = schemes.get(name);
        const placeholder = placeholderOf(name);
        if (scheme === undefined || placeholder === undefined) continue;
        addTo(parts, scheme, scheme.prefix + placeholder);
        used.set(name, { scheme: name, name: placeholder, expects: scheme.expects });
      }
      return undefined;
    },
  };
}

function schemesOf(root: unknown, version: ApiVersion | undefined): readonly (readonly [string, unknown])[] {
  return version === '2.0'
    ? entriesOf(root, 'securityDefinitions')
    : entriesOf(memberOf(root, 'components'), 'securitySchemes');
}

/** Names of schemes that go together, one list per alternative; those that ask for something come first. */
function requirementsOf(operation: Operation, root: unknown): readonly (readonly string[])[] {
  const given = Array.isArray(operation.security) ? operation.security : listOf(root, 'security');
  const names = given.filter(isRecord).map((requirement) => Object.keys(requirement));
  return [...names.filter((list) => list.length > 0), ...names.filter((list) => list.length === 0)];
}

function readScheme(name: string, scheme: unknown): Scheme | undefined {
  const type = textOf(scheme, 'type');
  const bearer = { name, in: 'header', field: 'Authorization', prefix: 'Bearer ' } as const;
  if (type === 'apiKey') {
    const where = (['header', 'query', 'cookie'] as const).find((one) => one === memberOf(scheme, 'in'));
    const field = textOf(scheme, 'name');
    if (where === undefined || field === undefined) return undefined;
    return { name, in: where, field, prefix: '', expects: `an API key, sent as ${where} ${field}` };
  }
  if (type === 'basic' || (type === 'http' && textOf(scheme, 'scheme')?.toLowerCase() === 'basic')) {
    return { ...bearer, prefix: 'Basic ', expects: 'user:password in base64' };
  }
  if (type === 'http' && textOf(scheme, 'scheme')?.toLowerCase() === 'bearer') {
    return { ...bearer, expects: 'a bearer token' };
  }
  if (type === 'oauth2' || type === 'openIdConnect') {
    return { ...bearer, expects: 'an access token; it is neither fetched nor renewed' };
  }
  return undefined;
}

function problemOf(
  alternatives: readonly (readonly string[])[],
  schemes: ReadonlyMap<string, Scheme | undefined>,
): string {
  const names = [...new Set(alternatives.flat())];
  const unknown = names.filter((name) => schemes.get(name) === undefined);
  return unknown.length > 0
    ? `the security scheme ${unknown.join(', ')} has no form here; nothing is sent for it`
    : `no credential is configured for ${names.join(' or ')}; nothing is sent for it`;
}

function addTo(parts: RequestParts, scheme: Scheme, value: string): void {
  if (scheme.in === 'header') parts.headers[literal(scheme.field)] = value;
  else if (scheme.in === 'query') parts.query[literal(scheme.field)] = value;
  else parts.cookies.unshift(`${literal(scheme.field)}=${value}`);
}

/** Characters of the title in a variable's name. */
const TITLE_MAX = 30;

/**
 * Such as `OPENAPI_SWAGGER_PETSTORE_API_KEY`. The words are the description's own, so they follow a prefix of ours:
 * otherwise one could name a variable that is already set, and have it sent to itself.
 */
function variableOf(title: string, scheme: string): string {
  const words = (text: string) =>
    text
      .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
      .toUpperCase()
      .replaceAll(/[^A-Z0-9]+/g, '_')
      .replaceAll(/^_+|_+$/g, '');
  const parts = ['OPENAPI', words(title).slice(0, TITLE_MAX).replace(/_+$/, ''), words(scheme)];
  const name = parts.filter((part) => part !== '').join('_');
  // No definition may use a name of this ending.
  return name.endsWith('_MASTER_KEY') ? `${name}_VALUE` : name;
}
