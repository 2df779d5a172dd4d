// Secrets that code of authors reads by `context.secrets.get`.
import type { ResolveSecrets } from '../definition/secret-reference.ts';
import { HandlerError } from '../errors.ts';
import type { Redactor } from '../telemetry/redact.ts';

/**
 * Reads a secret by name, or from a manager as `aws:path#key` or `vault:path#key`; each once until the definitions are
 * loaded anew, which a change of the secrets leads to. From then on no log shows it. Rejects with HandlerError.
 */
export function createSecretReader(deps: {
  readonly storedSecrets: { readonly resolve: ResolveSecrets };
  readonly telemetry: { readonly redactor: Pick<Redactor, 'addSecrets'> };
  readonly audit: { readonly log: { addSecrets(values: readonly string[]): void } };
}): (name: string) => Promise<string> {
  const known = new Map<string, Promise<string>>();
  async function read(name: string): Promise<string> {
    const found = (await deps.storedSecrets.resolve(new Set([name]))).get(name);
    if (found === undefined || 'problem' in found) {
      throw new HandlerError(
        'HANDLER_CONFIG_ERROR',
        `The secret ${name} ${found?.problem ?? 'was not read.'}`,
        {
          cause: found?.fix,
        },
      );
    }
    deps.telemetry.redactor.addSecrets([found.value]);
    deps.audit.log.addSecrets([found.value]);
    return found.value;
  }
  return (name) => {
    const reading = known.get(name) ?? read(name);
    known.set(name, reading);
    // A failure is not kept: the secret may be there at the next call.
    reading.catch(() => known.delete(name));
    return reading;
  };
}
