import { writeFile } from 'node:fs/promises';
import { slug } from '@tenantry/domain';
import { TenantExport } from '@tenantry/seeding';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import { print } from '../../output.ts';
import { withApplication } from '../../with-application.ts';

export interface ExportCommand {
  readonly tenant: string;
  /** Where it is written to; to stdout unless told otherwise. */
  readonly output?: string;
  readonly keepText?: boolean;
}

/** Writes a tenant's data as a seed, without what says who its people are. */
export function exportSeed({ tenant, output, ...options }: ExportCommand): Promise<ExitCode> {
  return withApplication(async (application) => {
    const file = await application.get(TenantExport).read(slug(tenant), options);
    const text = JSON.stringify(file, null, 2);
    if (output === undefined) {
      print(undefined, [text], {});
    } else {
      await writeFile(output, `${text}\n`);
    }
    return EXIT.done;
  });
}
