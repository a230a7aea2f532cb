import type { Email } from '@tenantry/domain';
import type { SeedProject, SeedTenant } from '../profiles/seed-data.ts';
import { FIELDS, type FieldsThatAre, type Treatment } from './fields.ts';
import { labelMask, mask } from './mask.ts';
import { SEED_FILE_FORMAT, type SeedFile } from './seed-file.ts';

export interface ExportOptions {
  /** Whether what people wrote about their work is kept as it is. Who they are is not told in any case. */
  readonly keepText?: boolean;
}

/** How texts are masked, and lists of them. */
type Masks = (text: string | readonly string[]) => unknown;

/** A tenant as a file that does not tell whose it is, nor who works there. A pure function. */
export function toSeedFile(
  { registration, members, projects }: SeedTenant,
  { keepText = false }: ExportOptions = {},
): SeedFile {
  return {
    format: SEED_FILE_FORMAT,
    tenant: treated(registration, FIELDS.tenant, { name: registration.slug }),
    members: members.map((member, index) =>
      treated(member, FIELDS.member, {
        name: `Person ${index + 1}`,
        email: `person${index + 1}@example.invalid` as Email,
      }),
    ),
    projects: projects.map((project) => ofProject(project, keepText)),
  };
}

function ofProject(project: SeedProject, keepText: boolean): SeedProject {
  const { tasks = [] } = project;
  const masks = keepText ? asItIs : masksOf(tasks.flatMap(({ labels = [] }) => labels));
  return treated(
    project,
    FIELDS.project,
    { tasks: tasks.map((task) => treated(task, FIELDS.task, {}, masks)) },
    masks,
  );
}

/** Texts by themselves, and lists as labels: those stay apart throughout the project. */
function masksOf(labels: readonly string[]): Masks {
  const maskLabel = labelMask(labels);
  return (text) => (typeof text === 'string' ? mask(text) : text.map(maskLabel));
}

const asItIs: Masks = (text) => text;

/**
 * Does with each field what is to become of it. What has no value is left out, too.
 * @param given takes the place of what is personal, and of parts
 */
function treated<Fields extends object, const Treatments extends Record<keyof Fields, Treatment>>(
  fields: Fields,
  treatments: Treatments,
  given: Pick<Fields, FieldsThatAre<'personal' | 'parts', Treatments> & keyof Fields>,
  masks: Masks = asItIs,
): Fields {
  const treatment = {
    kept: (_field: string, value: unknown) => value,
    'left-out': () => undefined,
    personal: (field: string) => given[field as keyof typeof given],
    parts: (field: string) => given[field as keyof typeof given],
    text: (_field: string, value: unknown) => masks(value as string | readonly string[]),
  } satisfies Record<Treatment, unknown>;
  return Object.fromEntries(
    Object.entries(treatments as Record<string, Treatment>)
      .map(([field, kind]) => [field, treatment[kind](field, fields[field as keyof Fields])])
      .filter(([, value]) => value !== undefined),
  ) as Fields;
}
