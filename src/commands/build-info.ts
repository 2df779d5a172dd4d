// What this build is: version, commit and runtime.
import { readFileSync } from 'node:fs';
import type { BuildInfo } from '../telemetry/telemetry.ts';

/** The version is package.json's; the commit is given by whoever builds (`QUAYSIDE_COMMIT`). */
export function buildInfo(): BuildInfo {
  const manifest: { version: string } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  return {
    version: manifest.version,
    commit: process.env.QUAYSIDE_COMMIT ?? 'unknown',
    node: process.versions.node,
  };
}
