// A session that another process held, as this one goes on with it.
import type { Principal } from '../../tool.ts';
import type { ChangeHub } from '../changes.ts';
import { isObject } from '../messages.ts';
import { parseLogLevel } from '../progress.ts';
import { isLegacyRevision, LATEST_LEGACY_REVISION } from '../revisions.ts';
import { LegacySession } from './session.ts';
import type { SessionRow } from './session-statements.ts';

/** What was running in it is gone with its process; what was agreed and subscribed to holds. */
export function reviveSession(
  hub: ChangeHub,
): (id: string, row: SessionRow, principal: Principal) => LegacySession {
  return (id, row, principal) => {
    const capabilities: unknown = JSON.parse(row.capabilities);
    const session = new LegacySession({
      id,
      slug: row.server,
      principal,
      version: row.version,
      protocolVersion: isLegacyRevision(row.protocol_version) ? row.protocol_version : LATEST_LEGACY_REVISION,
      capabilities: isObject(capabilities) ? capabilities : {},
      hub,
    });
    session.logLevel = row.log_level === null ? undefined : parseLogLevel(row.log_level);
    for (const uri of parseUris(row.subscriptions)) session.subscribe(uri);
    return session;
  };
}

/** Written by us. */
function parseUris(json: string): readonly string[] {
  return JSON.parse(json);
}
