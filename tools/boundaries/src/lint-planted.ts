/**
 * Lints source texts as if they stood in files of the workspace: an array of them comes as JSON on stdin, and what is
 * found wrong with each goes to stdout. It is a process of its own because the linter keeps the project graph per process.
 */
import { text } from 'node:stream/consumers';
import { createProjectGraphAsync, workspaceRoot } from '@nx/devkit';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';

export interface Planted {
  readonly file: string;
  readonly source: string;
}

const RULE = '@nx/enforce-module-boundaries';

// Without a project graph the boundary rule passes everything: better no answer than that one.
const { nodes } = await createProjectGraphAsync({ exitOnError: true });
const names = Object.keys(nodes);

/** The matrix alone: a planted import is refused for its layer, and not for a cycle or a line missing in package.json. */
const matrixOnly = {
  banTransitiveDependencies: false,
  enforceBuildableLibDependency: false,
  ignoredCircularDependencies: names.flatMap((from) => names.map((to) => [from, to])),
};

const planted = JSON.parse(await text(process.stdin)) as Planted[];
const linters = new Map<string, ESLint>();
const found: string[][] = [];
for (const { file, source } of planted) {
  found.push(await lint(file, source));
}
process.stdout.write(JSON.stringify(found));

async function lint(filePath: string, source: string): Promise<string[]> {
  const linter = linters.get(filePath) ?? (await linterFor(filePath));
  linters.set(filePath, linter);
  const [result] = await linter.lintText(source, { filePath });
  return (result?.messages ?? []).map(({ ruleId, message }) => `${ruleId ?? ''} ${message}`);
}

async function linterFor(filePath: string): Promise<ESLint> {
  const [, options] = await boundariesOf(filePath);
  return new ESLint({
    cwd: workspaceRoot,
    // The files are not there, so there are no types of theirs; the rules on imports need none.
    overrideConfig: [
      tseslint.configs.disableTypeChecked,
      {
        files: ['**/*.ts'],
        languageOptions: { parserOptions: { projectService: false } },
        rules: { [RULE]: ['error', { ...options, ...matrixOnly }] },
      },
    ],
  });
}

/** The rule as the workspace has it for a file. */
async function boundariesOf(filePath: string): Promise<[number, object]> {
  const config = (await new ESLint({ cwd: workspaceRoot }).calculateConfigForFile(filePath)) as {
    rules: Record<string, [number, object]>;
  };
  return config.rules[RULE] ?? [0, {}];
}
