import { type Command, Option } from 'commander';
import { ISOLATIONS, PLANS } from '@tenantry/domain';
import {
  changeStatus,
  type ChangeStatusOptions,
  STATUS_CHANGES,
} from './commands/tenant/change-status.ts';
import { createTenant, type CreateTenantOptions } from './commands/tenant/create.ts';
import { deleteTenant, type DeleteTenantOptions } from './commands/tenant/delete.ts';
import { listTenants, type ListTenantsOptions } from './commands/tenant/list.ts';
import { repairTenants, type RepairTenantsOptions } from './commands/tenant/repair.ts';
import type { ExitCode } from './exit-codes.ts';

/** The commands for a tenant's whole life. */
export function addTenantCommands(
  program: Command,
  json: () => Option,
  done: (code: ExitCode) => void,
): void {
  const tenant = program.command('tenant').description('take tenants in, list, suspend and delete');
  const called = (): Option => new Option('--slug <slug>').makeOptionMandatory();
  tenant
    .command('create')
    .description('take one in, and make it here and now')
    .requiredOption('--slug <slug>', 'its short name: one DNS label')
    .requiredOption('--name <name>', 'its full name')
    .option('--domain <domain>', 'a host name that it brings along')
    .addOption(new Option('--plan <plan>').choices(PLANS))
    .addOption(
      new Option('--isolation <isolation>', 'among others, or in a schema of its own')
        .choices(ISOLATIONS)
        .default('shared'),
    )
    .addOption(json())
    .action(async (options: CreateTenantOptions) => {
      done(await createTenant(options));
    });
  tenant
    .command('list')
    .option('--deleted', 'those too that have been deleted')
    .addOption(json())
    .action(async (options: ListTenantsOptions) => {
      done(await listTenants(options));
    });
  for (const [change, { description }] of Object.entries(STATUS_CHANGES)) {
    tenant
      .command(change)
      .description(description)
      .addOption(called())
      .addOption(json())
      .action(async (options: ChangeStatusOptions) => {
        done(await changeStatus(change as keyof typeof STATUS_CHANGES, options));
      });
  }
  tenant
    .command('delete')
    .description('delete an archived one with all that it owns')
    .addOption(called())
    .requiredOption('--yes', 'that it is meant: nothing brings it back')
    .addOption(json())
    .action(async (options: DeleteTenantOptions) => {
      done(await deleteTenant(options));
    });
  tenant
    .command('repair')
    .description('complete what was begun; report what belongs to no tenant')
    .option('--tenant <slug>', 'only this one')
    .option('--remove', 'remove what never became a tenant, and schemas of none')
    .addOption(json())
    .action(async (options: RepairTenantsOptions) => {
      done(await repairTenants(options));
    });
}
