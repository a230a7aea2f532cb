import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readKustomization, readManifests, readText, readYaml, ROOT } from './manifests.ts';

interface Job {
  readonly needs?: string | readonly string[];
  readonly environment?: string;
  readonly 'timeout-minutes'?: number;
  readonly permissions?: object;
  readonly steps: readonly {
    readonly name?: string;
    readonly uses?: string;
    readonly with?: Readonly<Record<string, string | boolean>>;
    readonly run?: string;
  }[];
}

const path = 'deploy/github-actions/deploy.yml';
const text = readText(path);
const workflow = readYaml(path) as {
  readonly permissions: object;
  readonly concurrency: object;
  readonly jobs: Readonly<Record<'build' | 'plan' | 'deploy' | 'contract', Job>>;
};
const { build, plan, deploy, contract } = workflow.jobs;
const manifests = readManifests();
const scriptOf = ({ steps }: Job): string => steps.map(({ run = '' }) => run).join('\n');

it('runs one deployment at a time, to its end', () => {
  expect(workflow.concurrency).toEqual({ group: 'deploy-production', 'cancel-in-progress': false });
});

it.each(Object.entries(workflow.jobs))('%s may read the repository, and no more', (_name, job) => {
  expect(workflow.permissions).toEqual({});
  expect(job.permissions).toEqual({ contents: 'read' });
});

it('names the exact version of each action', () => {
  const used = Object.values(workflow.jobs).flatMap(({ steps }) => steps.map(({ uses }) => uses));

  for (const action of used.filter((each) => each !== undefined)) {
    expect(action).toMatch(/@(?:v\d+\.\d+\.\d+|[0-9a-f]{40})$/);
  }
});

it('builds from the Dockerfiles that there are, and deploys by digest', () => {
  const files = build.steps.flatMap(({ with: { file } = {} }) => (file ? [String(file)] : []));

  expect(files).toEqual(['apps/api/Dockerfile', 'apps/migrator/Dockerfile']);
  expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  expect(text).toMatch(/API: .*tenantry-api@\$\{\{ needs\.build\.outputs\.api \}\}/);
});

it('plans before somebody approves, migrates before it rolls out, and contracts when told to', () => {
  expect([plan.needs, plan.environment]).toEqual(['build', 'production-plan']);
  expect([deploy.needs, deploy.environment]).toEqual([['build', 'plan'], 'production']);
  expect([contract.needs, contract.environment]).toEqual([undefined, 'production-contract']);
  expect(deploy.steps.map(({ name }) => name).slice(-4)).toEqual([
    'Rest the provisioner',
    'Migrate',
    'Roll out',
    'Let the provisioner go on',
  ]);
});

it('runs the Jobs that there are, and for longer than they may take', () => {
  for (const [name, job] of Object.entries({ plan, migrate: deploy, contract })) {
    const manifest = manifests.find(({ file }) => file === `${name}-job.yaml`);
    const seconds = Number(manifest?.spec?.['activeDeadlineSeconds']);

    expect(scriptOf(job)).toContain(`deploy/kubernetes/run-job ${name} `);
    expect(job['timeout-minutes']).toBeGreaterThan(seconds / 60);
  }
});

it('names Deployments, images and labels that there are', () => {
  const named = [...text.matchAll(/deployment[ /]([\w-]+)/g)].map(([, name]) => name);
  const deployments = manifests.filter(({ kind }) => kind === 'Deployment');
  const images = [...scriptOf(deploy).matchAll(/"(registry\S+?)=/g)].map(([, name]) => ({ name }));
  const [, selector = ''] = /--selector=(\S+)/.exec(scriptOf(deploy)) ?? [];
  const labels = Object.fromEntries(selector.split(',').map((label) => label.split('='))) as object;

  expect([...new Set(named)].toSorted()).toEqual(
    deployments.map(({ metadata }) => metadata.name).toSorted(),
  );
  expect(readKustomization().images).toMatchObject(images);
  expect(images).toHaveLength(2);
  expect(deployments).toContainEqual(
    expect.objectContaining({
      metadata: { name: 'tenantry-provisioner', labels },
    }),
  );
});
