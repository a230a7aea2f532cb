import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private: true;
  readonly type: 'module';
  readonly engines?: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly overrides?: Record<string, string>;
  readonly allowScripts?: Readonly<Record<string, boolean>>;
}

/** The manifest of an app without this workspace: with the npm packages of the app and of all libraries it is made of. */
export function runtimeManifest(app: string): Manifest {
  const { overrides, allowScripts } = readManifest('.');
  const { name, version, engines, dependencies } = readManifest(app);
  return {
    name,
    version,
    private: true,
    type: 'module',
    ...(engines && { engines }),
    dependencies: npmDependencies(dependencies, workspaceLibraries()),
    ...(overrides && { overrides }),
    ...(allowScripts && { allowScripts }),
  };
}

function npmDependencies(
  dependencies: Manifest['dependencies'],
  libraries: ReadonlyMap<string, Manifest>,
): Record<string, string> {
  const all = Object.entries(dependencies).flatMap(([name, version]) => {
    const library = libraries.get(name);
    return library
      ? Object.entries(npmDependencies(library.dependencies, libraries))
      : [[name, version] as const];
  });
  return Object.fromEntries(all.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function workspaceLibraries(): ReadonlyMap<string, Manifest> {
  const manifests = readdirSync('libs').map((folder) => readManifest(join('libs', folder)));
  return new Map(manifests.map((manifest) => [manifest.name, manifest]));
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}
