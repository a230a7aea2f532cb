/**
 * Makes a folder of an app that has been compiled: it runs with `node main.js` after `npm ci`, with nothing of this
 * workspace around it. The libraries of the workspace are bundled into it; npm packages are not, and stay pinned to the
 * versions of this workspace's lock file.
 *
 *   node deploy.ts <folder of the app> <folder to make>
 */
import { rmSync, writeFileSync } from 'node:fs';
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
