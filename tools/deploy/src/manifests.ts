import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

/** The folder of the workspace, wherever the process was started. */
export const ROOT = join(import.meta.dirname, '../../..');
const KUBERNETES = 'deploy/kubernetes';

/** Of what Kubernetes takes: as much as is looked at. */
export interface Manifest {
  readonly file: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: Record<string, unknown>;
  readonly stringData?: Readonly<Record<string, string>>;
}

export interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

export interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly key: string } };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly env: readonly Variable[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly securityContext?: object;
}

export interface Pod {
  readonly serviceAccountName: string;
  readonly initContainers?: readonly Container[];
  readonly containers: readonly [Container, ...Container[]];
}

/** A pod, by the name of what runs it. */
export interface Workload {
  readonly name: string;
  readonly pod: Pod;
}

export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Also takes the merge key `<<`, as Compose does. */
export function readYaml(path: string): unknown {
  return parse(readText(path), { merge: true });
}

export interface Kustomization {
  readonly resources: readonly string[];
  readonly images: readonly { readonly name: string }[];
}

/** Says which of the manifests are applied together. */
const KUSTOMIZATION = 'kustomization.yaml';

export function readKustomization(): Kustomization {
  return readYaml(`${KUBERNETES}/${KUSTOMIZATION}`) as Kustomization;
}

/** All that is in the folder for Kubernetes, but for its kustomization. */
export function readManifests(): readonly Manifest[] {
  return readdirSync(join(ROOT, KUBERNETES))
    .filter((file) => file.endsWith('.yaml') && file !== KUSTOMIZATION)
    .flatMap((file) =>
      parseAllDocuments(readText(`${KUBERNETES}/${file}`)).map((document) => {
        if (document.errors.length > 0) {
          throw new Error(`${file}: ${String(document.errors[0])}`);
        }
        return { file, ...(document.toJS() as Omit<Manifest, 'file'>) };
      }),
    );
}

/** Those that run pods, Jobs and Deployments alike. */
export function workloadsIn(manifests: readonly Manifest[]): readonly Workload[] {
  return manifests.flatMap(({ metadata, spec }) => {
    const template = spec?.['template'] as { spec: Pod } | undefined;
    return template ? [{ name: metadata.name, pod: template.spec }] : [];
  });
}
