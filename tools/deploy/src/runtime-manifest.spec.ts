import { readFileSync } from 'node:fs';
import { type Manifest, runtimeManifest } from './runtime-manifest.ts';

const read = (path: string): Manifest => JSON.parse(readFileSync(path, 'utf8')) as Manifest;

describe.each(['apps/api', 'apps/migrator'])('the manifest %s is deployed with', (app) => {
  const { dependencies, overrides } = runtimeManifest(app);

  it('names no package of the workspace, which is bundled', () => {
    expect(Object.keys(dependencies).filter((name) => name.startsWith('@tenantry/'))).toEqual([]);
  });

  it('has what its libraries need, also those of libraries it does not name itself', () => {
    const persistence = Object.entries(read('libs/persistence/package.json').dependencies);
    const packages = persistence.filter(([name]) => !name.startsWith('@tenantry/'));

    expect(packages.length).toBeGreaterThan(0);
    expect(dependencies).toMatchObject(Object.fromEntries(packages));
    expect(dependencies).toHaveProperty(
      'uuid',
      read('libs/domain/package.json').dependencies['uuid'],
    );
  });

  it('pins one exact version of each, and overrides what the workspace overrides', () => {
    for (const version of Object.values(dependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+/);
    expect(overrides).toEqual(read('package.json').overrides);
  });
});
