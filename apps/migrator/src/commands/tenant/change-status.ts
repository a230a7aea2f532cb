import { ArchiveTenant, ResumeTenant, SuspendTenant } from '@tenantry/application';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import { type OutputOptions, print, table } from '../../output.ts';
import { inOperatorsScope, tenantCalled } from './in-operators-scope.ts';
import { printable, rowOf } from './standing.ts';

/** The changes of a tenant's status that need nothing but the catalog. */
export const STATUS_CHANGES = {
  suspend: { useCase: SuspendTenant, description: 'serve it no longer, for the time being' },
  resume: { useCase: ResumeTenant, description: 'serve a suspended one again' },
  archive: { useCase: ArchiveTenant, description: 'say that a suspended one is not coming back' },
} as const;

export interface ChangeStatusOptions extends OutputOptions {
  readonly slug: string;
}

export async function changeStatus(
  change: keyof typeof STATUS_CHANGES,
  options: ChangeStatusOptions,
): Promise<ExitCode> {
  return inOperatorsScope(`tenant ${change}`, async (application) => {
    const { id } = await tenantCalled(application, options.slug);
    const useCase = application.get<SuspendTenant>(STATUS_CHANGES[change].useCase);
    const standing = { tenant: await useCase.run(id), operation: null };
    print(printable(standing), table([rowOf(standing)]), options);
    return EXIT.done;
  });
}
