// Permissions as written: `area:action` or `area:name`, `*`, `area:*`, `!` for a denial (governance §4).
import { PERMISSION_AREAS } from '../../definition/rules/security.ts';

/** What is wrong with a permission, or undefined. A resource may be named by its URI, which has colons of its own. */
export function permissionProblem(text: string): string | undefined {
  const permission = text.startsWith('!') ? text.slice(1) : text;
  if (permission === '*' || permission === '*:*') return undefined;
  const colon = permission.indexOf(':');
  const area = permission.slice(0, colon);
  if (colon <= 0 || colon === permission.length - 1)
    return 'must be area:action, such as tools:call or tools:find_orders';
  if (area === '*') return undefined;
  if (!PERMISSION_AREAS.some((known) => known === area))
    return `area ${JSON.stringify(area)} is none of ${PERMISSION_AREAS.join(', ')}`;
  return undefined;
}

/** Whether the granted permission covers the asked one. */
export function covers(granted: string, asked: string): boolean {
  if (granted === asked || granted === '*' || granted === '*:*') return true;
  if (granted.endsWith(':*')) return asked.startsWith(granted.slice(0, -1));
  return granted.startsWith('*:') && asked.endsWith(granted.slice(1));
}
