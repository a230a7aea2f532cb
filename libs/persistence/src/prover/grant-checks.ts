import { type Finding, finding } from './finding.ts';
import type { GrantFacts } from './grant-facts.ts';

export function checkGrant({ where, grantee, privilege, ofApp }: GrantFacts): Finding {
  // To connect is not to read, and what other roles may do is for an administrator to know.
  const severity = ofApp && privilege !== 'CONNECT' ? 'leak' : 'warning';
  return finding('grant', where, `gives ${privilege} to ${grantee}`, severity);
}
