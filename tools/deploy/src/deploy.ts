/**
 * Makes a folder of an app that has been compiled: it runs with `node main.js` after `npm ci`, with nothing of this
 * workspace around it. The libraries of the workspace are bundled into it; npm packages are not, and stay pinned to the
 * versions of this workspace's lock file.
 *
 *   node deploy.ts <folder of the app> <folder to make>
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createProjectGraphAsync, workspaceRoot } from '@nx/devkit';
import { generatePrunedDeployOutput } from '@nx/js';
import { build } from 'esbuild';
import { type Manifest, runtimeManifest } from './runtime-manifest.ts';

const [app = '', target = ''] = process.argv.slice(2);
const manifest = runtimeManifest(app);

rmSync(target, { recursive: true, force: true });
await bundle(join(app, 'dist/main.js'), target, manifest);
const graph = await createProjectGraphAsync();
generatePrunedDeployOutput(manifest, graph, app, {
  outputDirectory: target,
  packageManager: 'npm',
  workspaceRoot,
});
writeFileSync(join(target, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
mustBeLocked(manifest, target);

async function bundle(entry: string, outdir: string, { dependencies }: Manifest): Promise<void> {
  await build({
    entryPoints: [entry],
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    sourcemap: true,
    // Errors and MikroORM's metadata are told apart by the names of classes.
    keepNames: true,
    external: Object.keys(dependencies),
    logLevel: 'warning',
  });
}

/** Nx leaves out, without a word, what npm has put anywhere but at the top of this workspace. */
function mustBeLocked({ dependencies }: Manifest, folder: string): void {
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, unknown>;
  };
  const missing = Object.keys(dependencies).filter((name) => !(`node_modules/${name}` in packages));
  if (missing.length > 0) {
    throw new Error(
      `The lock file of ${folder} lacks ${missing.join(', ')}. Make package-lock.json anew, ` +
        'so that npm installs these at the top.',
    );
  }
}
