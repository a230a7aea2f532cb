import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isPrismaInstalled } from './isolation/subjects/prisma-package.ts';

const RUN = join(import.meta.dirname, 'run.ts');
const FLAGS = ['--conditions=@tenantry/source', '--import', '@swc-node/register/esm-register'];
const INSTALL = 'npm ci --ignore-scripts --prefix tools/benchmarks/prisma';

if (isPrismaInstalled()) {
  describe('the benchmark of isolation, in short', () => {
    it('still works, with everybody in every scenario', async () => {
      const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, RUN, '--short'], {
        env: { ...process.env, NODE_OPTIONS: '' },
      });

      expect(stdout).toContain('# What isolation costs');
      expect(stdout).not.toContain('NaN');
    }, 240_000);
  });
} else {
  describe('the benchmark of isolation', () => {
    it(`is not shown here: Prisma is not installed (${INSTALL})`, () => {
      process.stderr.write(
        `\nNOT TESTED: the benchmark of isolation. Prisma is not installed (${INSTALL}).\n\n`,
      );

      expect(process.env['CI']).toBeUndefined();
    });
  });
}
