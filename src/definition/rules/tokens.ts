// Issuers of tokens and the shared secret (spec governance §3).
import { issuerUrlProblem } from '../issuer-url.ts';
import { sharedSecretProblem } from '../shared-secret.ts';
import { appendPointer, nearestNode } from '../source/node.ts';
import { demandOne } from './handlers.ts';
import type { RuleContext } from './rule-context.ts';

const POINTER = '/security/authentication/jwt';

export function checkTokens(context: RuleContext): void {
  const { definition, sound } = context;
  const jwt = sound('/security/authentication') ? definition.security.authentication?.jwt : undefined;
  if (jwt === undefined) return;
  const names = new Set<string>();
  for (const [index, { issuer, audience, authorizedParties, jwksUri }] of jwt.issuers.entries()) {
    const pointer = appendPointer(`${POINTER}/issuers`, index);
    demandOne(context, pointer, { audience, authorizedParties });
    checkUrl(issuer, `${pointer}/issuer`, context);
    if (jwksUri !== undefined) checkUrl(jwksUri, `${pointer}/jwksUri`, context);
    checkUnique(issuer, `${pointer}/issuer`, names, context);
  }
  const { hs256 } = jwt;
  if (hs256?.enabled !== true) return;
  checkUnique(hs256.issuer, `${POINTER}/hs256/issuer`, names, context);
  const problem = hs256.secret === undefined ? undefined : sharedSecretProblem(hs256.secret);
  if (problem !== undefined) {
    context.report.error({
      rule: 'token',
      node: nearestNode(context.root, `${POINTER}/hs256/secret`),
      received: 'secret',
      message: problem,
      fix: 'Make one with `openssl rand -base64 48`.',
    });
  }
}

function checkUrl(url: string, pointer: string, { report, root }: RuleContext): void {
  const message = issuerUrlProblem(url);
  if (message === undefined) return;
  const fix = 'Write it as its tokens do, such as https://id.example.com.';
  report.error({ rule: 'token', node: nearestNode(root, pointer), message, fix });
}

function checkUnique(issuer: string, pointer: string, names: Set<string>, context: RuleContext): void {
  if (names.has(issuer)) {
    context.report.error({
      rule: 'duplicate',
      node: nearestNode(context.root, pointer),
      message: `The issuer '${issuer}' is given twice.`,
      fix: 'Keep one entry, with all audiences.',
    });
  }
  names.add(issuer);
}
