import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { VARIABLES } from '@tenantry/platform';
import {
  type Container,
  type Manifest,
  readKustomization,
  readManifests,
  readText,
  ROOT,
  type Workload,
  workloadsIn,
} from './manifests.ts';
import { readExitCodes } from './migrator-command.ts';

const manifests = readManifests();
const workloads = workloadsIn(manifests);
const jobs = manifests.filter(({ kind }) => kind === 'Job');
const exit = readExitCodes();

const isMigrators = ({ pod }: Workload): boolean => appOf(pod.containers[0]) === 'migrator';
const [api] = workloads.filter((workload) => !isMigrators(workload)) as [Workload];
const [container] = api.pod.containers;

/** The app whose image a container has. */
function appOf({ image }: Container): string {
  return /^registry\.example\.com\/tenantry-(\w+)(?::|$)/.exec(image)?.[1] ?? image;
}

function only(kind: string): Manifest {
  const [manifest, ...others] = manifests.filter((each) => each.kind === kind);
  if (!manifest || others.length > 0) {
    throw new Error(`There is not one ${kind}.`);
  }
  return manifest;
}

function secretsOf({ pod }: Workload): readonly { name: string; key: string }[] {
  return [...(pod.initContainers ?? []), ...pod.containers]
    .flatMap(({ env }) => env)
    .flatMap(({ valueFrom }) => (valueFrom ? [valueFrom.secretKeyRef] : []));
}

it('finds the Jobs and Deployments that there are', () => {
  expect(workloads.map(({ name }) => name).toSorted()).toEqual([
    'tenantry-api',
    'tenantry-contract',
    'tenantry-migrate',
    'tenantry-plan',
    'tenantry-provisioner',
  ]);
  expect(exit).toMatchObject({ done: 0, fatal: 1, drift: 3, usage: 64, interrupted: 130 });
});

describe.each(workloads)('the pods of $name', (workload) => {
  const { pod } = workload;

  it('have the image of an app that has a Dockerfile', () => {
    for (const each of pod.containers) {
      expect(existsSync(join(ROOT, 'apps', appOf(each), 'Dockerfile'))).toBe(true);
    }
  });

  it('have no variables but those that the app reads', () => {
    for (const each of pod.containers) {
      const known = VARIABLES[appOf(each) as keyof typeof VARIABLES];
      expect(known).toEqual(expect.arrayContaining(each.env.map(({ name }) => name)));
    }
  });

  it('take of the secrets what is said to be in them', () => {
    const secrets = manifests.filter(({ kind }) => kind === 'Secret');
    for (const { name, key } of secretsOf(workload)) {
      expect(secrets.find(({ metadata }) => metadata.name === name)?.stringData).toHaveProperty(
        key,
      );
    }
  });

  it('run as the user of the image, write nowhere, and have no rights and no token', () => {
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      },
    });
    for (const each of [...(pod.initContainers ?? []), ...pod.containers]) {
      expect(each.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(readText(`apps/${appOf(each)}/Dockerfile`)).toMatch(/^USER node$/m);
    }
  });

  it('have an account that is there', () => {
    expect(manifests).toContainEqual(
      expect.objectContaining({
        kind: 'ServiceAccount',
        metadata: expect.objectContaining({ name: pod.serviceAccountName }) as object,
        automountServiceAccountToken: false,
      }),
    );
  });
});

describe('the owner’s credentials', () => {
  const seesOwner = (workload: Workload): boolean =>
    secretsOf(workload).some(
      ({ name, key }) => name === 'tenantry-owner' || key === 'MIGRATOR_DATABASE_URL',
    );

  it('are seen by all pods of the migrator, and never by the API’s', () => {
    expect(workloads.filter(seesOwner)).toEqual(workloads.filter(isMigrators));
    expect(JSON.stringify(api)).not.toMatch(/owner|MIGRATOR/);
    expect(api.pod.serviceAccountName).toBe('tenantry-api');
    expect(
      workloads.filter(isMigrators).filter(({ pod }) => pod.serviceAccountName === 'tenantry-api'),
    ).toEqual([]);
  });

  it('are in a secret of their own', () => {
    const secret = manifests.find(({ metadata }) => metadata.name === 'tenantry-owner');

    expect(Object.keys(secret?.stringData ?? {})).toEqual(['MIGRATOR_DATABASE_URL']);
  });
});

describe('the kustomization', () => {
  const { resources, images } = readKustomization();

  it('has what stays, and neither Jobs nor secrets', () => {
    const staying = manifests.filter(({ kind }) => kind !== 'Job' && kind !== 'Secret');

    expect(resources.toSorted()).toEqual([...new Set(staying.map(({ file }) => file))].toSorted());
  });

  it('can set the image of each Deployment', () => {
    const deployed = workloadsIn(manifests.filter(({ kind }) => kind === 'Deployment'));
    const used = deployed.map(({ pod }) => pod.containers[0].image);

    expect(images.map(({ name }) => name).toSorted()).toEqual(used.toSorted());
  });
});

describe.each(jobs)('the Job $metadata.name', ({ spec }) => {
  it('is not tried again where another try would find the same', () => {
    const { rules } = spec?.['podFailurePolicy'] as { rules: unknown[] };

    expect(rules).toEqual([
      {
        action: 'FailJob',
        onExitCodes: {
          containerName: 'migrator',
          operator: 'In',
          values: [exit['drift'], exit['usage']],
        },
      },
      { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    ]);
    expect(spec).toMatchObject({ template: { spec: { restartPolicy: 'Never' } } });
  });

  it('ends some time, one pod at a time', () => {
    expect(spec).toMatchObject({ parallelism: 1, completions: 1 });
    expect(spec?.['activeDeadlineSeconds']).toBeGreaterThan(0);
    expect(spec?.['ttlSecondsAfterFinished']).toBeGreaterThan(0);
  });
});

it('has Jobs that differ in their names and commands alone', () => {
  const others = ['args', 'app.kubernetes.io/component'];
  const texts = jobs.map(({ spec }) =>
    JSON.stringify(spec, (key, value: unknown) => (others.includes(key) ? undefined : value)),
  );

  expect(new Set(texts).size).toBe(1);
});

describe('the API', () => {
  const source = readText('apps/api/src/health/health.controller.ts');
  const [, prefix = ''] = /@Controller\('([\w-]+)'\)/.exec(source) ?? [];
  const routes = [...source.matchAll(/@Get\('([\w-]+)'\)\s+@Public\(\)/g)].map(
    ([, path = '']) => `/${prefix}/${path}`,
  );
  const port = container.ports?.[0];

  it('is asked on routes that it has, and waits for the version by its readiness', () => {
    const { startupProbe, livenessProbe, readinessProbe } = container;
    const probes = [startupProbe, livenessProbe, readinessProbe];

    for (const probe of probes) {
      expect(routes).toContain(probe?.httpGet.path);
      expect(probe?.httpGet.port).toBe(port?.name);
    }
    expect(readinessProbe?.httpGet.path).toBe('/health/ready');
    // Else a database that is away would restart all pods.
    expect(livenessProbe?.httpGet.path).toBe('/health/live');
  });

  it('listens where its Service and its image say', () => {
    const dockerfile = readText('apps/api/Dockerfile');

    expect(only('Service').spec).toMatchObject({ ports: [{ targetPort: port?.name }] });
    expect(dockerfile).toMatch(new RegExp(`^EXPOSE ${port?.containerPort}$`, 'm'));
    expect(dockerfile).toMatch(new RegExp(`\\bPORT=${port?.containerPort}$`, 'm'));
    expect(container.env.map(({ name }) => name)).not.toContain('PORT');
  });

  it('keeps all pods of the version before until new ones are ready', () => {
    const deployment = manifests.find(
      ({ kind, metadata }) => kind === 'Deployment' && metadata.name === api.name,
    );

    expect(deployment?.spec).toMatchObject({ strategy: { rollingUpdate: { maxUnavailable: 0 } } });
  });

  it('is selected by its Service and its budget, and nothing else is', () => {
    const labels = { 'app.kubernetes.io/name': 'tenantry', 'app.kubernetes.io/component': 'api' };
    const selected = manifests.filter(({ spec }) => {
      const template = spec?.['template'] as { metadata?: { labels?: unknown } } | undefined;
      return isDeepStrictEqual(template?.metadata?.labels, labels);
    });

    expect(only('Service').spec).toMatchObject({ selector: labels });
    expect(only('PodDisruptionBudget').spec).toMatchObject({ selector: { matchLabels: labels } });
    expect(selected.map(({ metadata }) => metadata.name)).toEqual([api.name]);
  });
});
