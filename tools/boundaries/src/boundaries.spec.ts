import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Planted } from './lint-planted.ts';

interface Row {
  readonly imports: readonly string[];
  readonly packages?: Readonly<Record<string, string>>;
}

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly exports?: object;
  readonly nx: { readonly name: string; readonly tags: readonly string[] };
}

interface Project {
  readonly name: string;
  readonly folder: string;
  readonly layer: string;
  readonly manifest: Manifest;
}

const root = resolve(import.meta.dirname, '../../..');
const readJson = (...path: string[]): unknown =>
  JSON.parse(readFileSync(join(root, ...path), 'utf8'));

const matrix = readJson('tools/boundaries/src/matrix.json') as Record<string, Row>;
const projectsIn = (folder: string): Project[] =>
  readdirSync(join(root, folder)).map((name) => {
    const manifest = readJson(folder, name, 'package.json') as Manifest;
    const layer = manifest.nx.tags.find((tag) => tag.startsWith('layer:')) ?? '';
    return { name: manifest.nx.name, folder: `${folder}/${name}`, layer, manifest };
  });
const libraries = projectsIn('libs');
const apps = projectsIn('apps');
const tools = projectsIn('tools');

/** Packages of each kind that the matrix tells apart. */
const PACKAGES = [
  'uuid',
  'zod',
  'pino',
  'nestjs-pino',
  'pg',
  'cockatiel',
  'commander',
  'fastify',
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/swagger',
  '@mikro-orm/core',
  '@mikro-orm/seeder',
];

const mayImport = (from: Project, to: Project): boolean =>
  matrix[from.layer]?.imports.includes(to.layer) ?? false;

const mayUse = ({ layer }: Project, name: string): boolean =>
  Object.keys(matrix[layer]?.packages ?? {}).some(
    (pattern) =>
      pattern === name ||
      pattern === '*' ||
      (pattern.endsWith('/*') && name.startsWith(pattern.slice(0, -1))),
  );

/** What the linter says of each text. */
function lint(planted: readonly Planted[]): string[][] {
  const output = execFileSync(process.execPath, [join(import.meta.dirname, 'lint-planted.ts')], {
    input: JSON.stringify(planted),
    env: { ...process.env, NODE_OPTIONS: '', NX_DAEMON: 'false' },
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(output.toString()) as string[][];
}

/** The layer was the reason. */
const crosses = (messages: readonly string[] = []): boolean =>
  messages.some((message) =>
    message.startsWith('@nx/enforce-module-boundaries A project tagged with'),
  );

const importing = (from: Project, name: string, file = 'planted.ts'): Planted => ({
  file: `${from.folder}/src/${file}`,
  source: `import * as planted from '${name}';\nexport { planted };\n`,
});

interface Cell {
  readonly from: Project;
  readonly to: string;
  readonly allowed: boolean;
}

/** The cells where the linter and the matrix do not agree. */
function disagreements(cells: readonly Cell[], file?: string): string[] {
  const found = lint(cells.map(({ from, to }) => importing(from, to, file)));
  return cells
    .filter(({ allowed }, index) => crosses(found[index]) === allowed)
    .map(
      ({ from, to, allowed }) =>
        `${from.name} → ${to}: should be ${allowed ? 'allowed' : 'refused'}`,
    );
}

describe('the boundary matrix', () => {
  const everyone = [...libraries, ...apps];

  it('has a row for the layer of every project', () => {
    expect([...everyone, ...tools].filter(({ layer }) => !(layer in matrix))).toEqual([]);
  });

  it('lets each project import what it may, and refuses an import planted in each blank cell', () => {
    const cells = everyone.flatMap((from) =>
      [...libraries, ...tools]
        .filter((to) => to.name !== from.name && to.manifest.exports)
        .map((to): Cell => ({ from, to: to.manifest.name, allowed: mayImport(from, to) })),
    );

    expect(disagreements(cells)).toEqual([]);
    expect(new Set(cells.map(({ allowed }) => allowed)).size).toBe(2);
  });

  it('lets each library use the packages it may, and refuses one planted in each blank cell', () => {
    const cells = libraries.flatMap((from) =>
      PACKAGES.map((to): Cell => ({ from, to, allowed: mayUse(from, to) })),
    );

    expect(disagreements(cells)).toEqual([]);
    expect(new Set(cells.map(({ allowed }) => allowed)).size).toBe(2);
  });

  it('lets specs use tools, and still keeps them within their layer', () => {
    const [domain] = libraries.filter(({ name }) => name === 'domain');

    expect(
      disagreements(
        [
          { from: domain!, to: '@tenantry/embedded-postgres', allowed: true },
          { from: domain!, to: '@tenantry/persistence', allowed: false },
        ],
        'planted.spec.ts',
      ),
    ).toEqual([]);
  });

  it('holds for package.json too', () => {
    const excess = libraries.flatMap((library) =>
      Object.keys(library.manifest.dependencies ?? {})
        .filter((name) => !name.startsWith('@tenantry/') && !mayUse(library, name))
        .map((name) => `${library.name} → ${name}`),
    );

    expect(excess).toEqual([]);
  });

  it('pins every package to one version', () => {
    const versions = new Map<string, Set<string>>();
    for (const { manifest } of [...everyone, ...tools]) {
      for (const [name, version] of Object.entries({
        ...manifest.dependencies,
        ...manifest.devDependencies,
      })) {
        versions.set(name, (versions.get(name) ?? new Set()).add(version));
      }
    }

    const several = [...versions].filter(([, each]) => each.size > 1);
    const ranges = [...versions].filter(
      ([name, each]) =>
        !name.startsWith('@tenantry/') &&
        ![...each].every((version) => /^\d+\.\d+\.\d+[\w.-]*$/.test(version)),
    );
    expect(several).toEqual([]);
    expect(ranges).toEqual([]);
  });
});

describe('ways around the boundaries', () => {
  const WAYS: [string, string, string][] = [
    ['require()', 'domain', `export const planted: unknown = require('pg');\n`],
    [
      'createRequire()',
      'persistence',
      `import { createRequire } from 'node:module';\nexport const planted = createRequire(import.meta.url);\n`,
    ],
    ['import()', 'domain', `export const planted: unknown = await import('pg');\n`],
    [
      'a second entry point',
      'persistence',
      `import planted from 'pg/lib/client';\nexport { planted };\n`,
    ],
    [
      'a second entry point of a library',
      'persistence',
      `import planted from '@tenantry/domain/dist/index.js';\nexport { planted };\n`,
    ],
    ['a path into another library', 'domain', `export * from '../../persistence/src/index.ts';\n`],
    [
      'node itself, in the domain',
      'domain',
      `import planted from 'node:fs';\nexport { planted };\n`,
    ],
    ['process.env', 'persistence', `export const planted = process.env.HOME;\n`],
  ];
  let found: string[][];

  beforeAll(() => {
    found = lint(
      WAYS.map(([, library, source]) => ({ file: `libs/${library}/src/planted.ts`, source })),
    );
  });

  it.each(WAYS.map(([way], index) => [way, index] as const))('%s is refused', (_way, index) => {
    expect(found[index]).not.toEqual([]);
  });
});
