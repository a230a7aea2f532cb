import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const RUN = join(import.meta.dirname, 'run.ts');
const FLAGS = ['--conditions=@tenantry/source', '--import', '@swc-node/register/esm-register'];

describe('the benchmark of isolation, in short', () => {
  it('still works, with everybody in every scenario', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, RUN, '--short'], {
      env: { ...process.env, NODE_OPTIONS: '' },
    });

    expect(stdout).toContain('# What isolation costs');
    expect(stdout).not.toContain('NaN');
  }, 240_000);
});
