import { readFileSync } from 'node:fs';
import { CHECKS } from './checks.ts';

describe('the page on proving isolation', () => {
  it('lists every check, with what it expects', () => {
    const page = readFileSync(
      new URL('../../../../docs/prove-isolation.md', import.meta.url),
      'utf8',
    );

    for (const [check, { expects, remedy }] of Object.entries(CHECKS)) {
      const row = page.split('\n').find((line) => line.startsWith(`| \`${check}\``));
      expect(row).toContain(expects);
      expect(row).toContain(remedy);
    }
  });
});
