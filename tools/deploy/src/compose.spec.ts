import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { VARIABLES } from '@tenantry/platform';
import { readText, readYaml, ROOT } from './manifests.ts';

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly command?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly profiles?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
}

const { services } = readYaml('deploy/compose.yaml') as {
  services: Readonly<Record<string, Service>>;
};
const ours = Object.entries(services).filter(([, { build }]) => build);
const appOf = ({ image }: Service): string => image.replace(/^tenantry-/, '');

describe.each(ours)('the service %s', (name, service) => {
  it('is built from a Dockerfile that is there', () => {
    const { context = '', dockerfile = '' } = service.build ?? {};

    expect(dockerfile).toBe(`apps/${appOf(service)}/Dockerfile`);
    expect(existsSync(join(ROOT, 'deploy', context, dockerfile))).toBe(true);
  });

  it('has no variables but those that the app reads', () => {
    const known = VARIABLES[appOf(service) as keyof typeof VARIABLES];

    expect(known).toEqual(expect.arrayContaining(Object.keys(service.environment)));
  });

  it('has the owner’s credentials when it is the migrator’s, and only then', () => {
    expect('MIGRATOR_DATABASE_URL' in service.environment).toBe(appOf(service) === 'migrator');
    expect(JSON.stringify(service).includes('POSTGRES_PASSWORD')).toBe(
      appOf(service) === 'migrator',
    );
  });

  it('writes nowhere, and has no rights', () => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
  });

  it('waits for the migrations, which wait for the server', () => {
    expect(service.depends_on).toEqual(
      name === 'migrate'
        ? { postgres: { condition: 'service_healthy' } }
        : { migrate: { condition: 'service_completed_successfully' } },
    );
  });
});

it('has each secret from outside, and does not start without', () => {
  const text = readText('deploy/compose.yaml');

  expect(ours.map(([name]) => name)).toEqual(['migrate', 'seed', 'provisioner', 'api']);
  for (const name of ['POSTGRES_PASSWORD', 'APP_PASSWORD', 'OPERATOR_TOKEN']) {
    const mentions = [...text.matchAll(new RegExp(`\\$\\{${name}(..)`, 'g'))];

    expect(new Set(mentions.map(([, how]) => how))).toEqual(new Set([':?']));
  }
  expect(text).not.toMatch(/postgresql:\/\/[^:]+:(?!\$\{)/);
});

it('seeds only when asked to', () => {
  expect(services['seed']?.profiles).toEqual(['seed']);
});

it('runs a server that production starts on', () => {
  const [, minor] = /^postgres:18\.(\d+)$/.exec(services['postgres']?.image ?? '') ?? [];
  const checks = readText('libs/persistence/src/prover/server-check.ts');
  const [, least] = /FIRST_SAFE_MINOR.*\b18: (\d+)/.exec(checks) ?? [];

  expect(Number(minor)).toBeGreaterThanOrEqual(Number(least));
});

it('publishes the port on which the API listens, on this machine alone', () => {
  const [, port = ''] = /^EXPOSE (\d+)$/m.exec(readText('apps/api/Dockerfile')) ?? [];

  expect(services['api']?.ports).toEqual([`127.0.0.1:${port}:${port}`]);
  expect(services['api']?.healthcheck?.test.join(' ')).toContain(`:${port}/health/ready'`);
});
