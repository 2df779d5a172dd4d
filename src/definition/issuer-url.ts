// Where an issuer of tokens may be: its keys decide who is let in, so nobody on the way may change them.
import { isIPv6 } from 'node:net';

/** What is wrong with the address of an issuer or of its keys, or undefined. */
export function issuerUrlProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return 'The address is no absolute URL.';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return 'The address carries credentials.';
  if (url.hash !== '') return 'The address has a fragment.';
  if (url.protocol === 'https:') return undefined;
  if (url.protocol === 'http:' && isLoopbackName(url.hostname)) return undefined;
  return 'The address is not https; http is for loopback only.';
}

function isLoopbackName(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return bare === 'localhost' || bare === '::1' || (!isIPv6(bare) && /^127(\.\d{1,3}){3}$/.test(bare));
}
