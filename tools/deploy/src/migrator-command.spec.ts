import { readManifests, readText, readYaml, workloadsIn } from './manifests.ts';
import { readExitCodes, startMigrator } from './migrator-command.ts';

const exit = readExitCodes();
const { services } = readYaml('deploy/compose.yaml') as {
  services: Readonly<Record<string, { readonly command?: readonly string[] }>>;
};
const documented = [
  ...readText('docs/deployment.md').matchAll(/tenantry-migrator(?::\S+)? ([a-z][a-z -]*)$/gm),
].map(([, args = '']) => args.split(' '));
const commands = [
  ...workloadsIn(readManifests()).map(({ pod }) => pod.containers[0].args),
  ...Object.values(services).map(({ command }) => command),
  ...documented,
].filter((args) => args !== undefined);
const distinct = [...new Map(commands.map((args) => [args.join(' '), args])).entries()];

it('finds the command lines that are given to the migrator', () => {
  expect(distinct.map(([line]) => line)).toEqual(
    expect.arrayContaining(['migrate', 'migrate --contract', 'plan', 'provision']),
  );
  expect(documented.length).toBeGreaterThan(0);
});

it.each(distinct)(
  'takes "%s"',
  async (_line, args) => {
    const { code, stderr } = await startMigrator(args);

    expect(stderr).toContain('DATABASE_URL is required');
    expect(code).toBe(exit['fatal']);
  },
  60_000,
);

it('does not take what there is not', async () => {
  expect(await startMigrator(['migrate', '--nonsense'])).toMatchObject({ code: exit['usage'] });
}, 60_000);
