import {
  email,
  type Id,
  InvalidValue,
  ISOLATIONS,
  type NewMember,
  PLANS,
  PROJECT_STATUSES,
  projectKey,
  type ProjectSettings,
  type Slug,
  slug,
  TASK_STATUSES,
  type TenantConfiguration,
} from '@tenantry/domain';
import type { SeedProject, SeedTask, SeedTenant } from '../profiles/seed-data.ts';
import {
  aBoolean,
  aText,
  explained,
  listOf,
  objectOf,
  oneOf,
  optional,
  parsed,
  recordOf,
} from './file-value.ts';
import { mustBeMakeable } from './makeable.ts';
import { SEED_FILE_FORMAT, type SeedFile, type SeedFileTenant } from './seed-file.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const configuration = objectOf<TenantConfiguration>({
  locale: optional(aText),
  timeZone: optional(aText),
});

const tenant = objectOf<SeedFileTenant>({
  slug: parsed(slug),
  name: aText,
  plan: optional(oneOf(...PLANS)),
  features: optional(recordOf(aBoolean)),
  configuration: optional(configuration),
  isolation: oneOf(...ISOLATIONS),
});

const member = objectOf<NewMember>({
  id: optional(parsed(id<'Member'>)),
  email: parsed(email),
  name: aText,
});

const task = objectOf<SeedTask>({
  id: optional(parsed(id<'Task'>)),
  title: aText,
  status: optional(oneOf(...TASK_STATUSES)),
  assigneeId: optional(parsed(id<'Member'>)),
  labels: optional(listOf(aText)),
});

const project = objectOf<SeedProject>({
  id: optional(parsed(id<'Project'>)),
  key: parsed(projectKey),
  name: aText,
  description: optional(aText),
  status: optional(oneOf(...PROJECT_STATUSES)),
  settings: optional(objectOf<ProjectSettings>({ color: optional(aText), icon: optional(aText) })),
  archived: optional(aBoolean),
  tasks: optional(listOf(task)),
});

const seedFile = objectOf<SeedFile>({
  format: oneOf(SEED_FILE_FORMAT),
  tenant,
  members: listOf(member),
  projects: listOf(project),
});

/**
 * The tenant of a file, with all that it has. Its ids are kept, and may be another tenant's as well.
 * @param options.as what it is called, instead of what it was
 * @throws {SeedFileInvalid} saying where, and what there should be
 */
export function readSeedFile(text: string, { as }: { readonly as?: Slug } = {}): SeedTenant {
  const file = seedFile(
    explained('', () => JSON.parse(text) as unknown),
    '',
  );
  const { members, projects } = file;
  const registration = { ...file.tenant, ...(as && { slug: as }) };
  const seed = { registration, members, projects };
  mustBeMakeable(seed);
  return seed;
}

function id<Name extends string>(value: string): Id<Name> {
  if (!UUID.test(value)) {
    throw new InvalidValue('id', 'must be a uuid in lower case');
  }
  return value as Id<Name>;
}
