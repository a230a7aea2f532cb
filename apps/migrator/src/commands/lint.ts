import { compileWithoutServer, type MigrationLists } from '@tenantry/persistence';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { lintAll } from '../lint/lint.ts';
import { linesOf } from '../lint/lines.ts';
import { type OutputOptions, print } from '../output.ts';

/**
 * Says what is wrong with the migrations of this build, by their text: there is no database.
 * @param lists other migrations than those of this build
 */
export async function lintMigrations(
  options: OutputOptions,
  lists?: MigrationLists,
): Promise<ExitCode> {
  const linted = await lintAll(await compileWithoutServer(lists));
  const wrong = linted.filter(({ findings }) => findings.length > 0);
  print(
    {
      findings: wrong.flatMap(({ list, name, findings }) =>
        findings.map((finding) => ({ list, migration: name, ...finding })),
      ),
    },
    wrong.length > 0
      ? wrong.flatMap(({ list, name, findings }) => [`${list} ${name}`, ...linesOf(findings)])
      : [`There is nothing to say against the ${linted.length} migrations.`],
    options,
  );
  return wrong.length > 0 ? EXIT.fatal : EXIT.done;
}
