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
  const masksOf = (labels: readonly string[]) => (keepText ? asItIs : masking(labels));
  const masks = masksOf([]);
  return {
    format: SEED_FILE_FORMAT,
    tenant: treated(registration, FIELDS.tenant, masks, {
      name: registration.slug,
      configuration: treated(registration.configuration ?? {}, FIELDS.configuration, masks, {}),
    }),
    members: members.map((member, index) =>
      treated(member, FIELDS.member, masks, {
        name: `Person ${index + 1}`,
        email: `person${index + 1}@example.invalid` as Email,
      }),
    ),
    projects: projects.map((project) => ofProject(project, masksOf(labelsIn(project)))),
  };
}

function ofProject(project: SeedProject, masks: Masks): SeedProject {
  const { settings = {}, tasks = [] } = project;
  return treated(project, FIELDS.project, masks, {
    settings: treated(settings, FIELDS.settings, masks, {}),
    tasks: tasks.map((task) => treated(task, FIELDS.task, masks, {})),
  });
}

function labelsIn({ tasks = [] }: SeedProject): readonly string[] {
  return tasks.flatMap(({ labels = [] }) => labels);
}

/** Texts by themselves, and lists as labels: those stay apart throughout the project. */
function masking(labels: readonly string[]): Masks {
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
  masks: Masks,
  given: Pick<Fields, FieldsThatAre<'personal' | 'parts', Treatments> & keyof Fields>,
): Omit<Fields, FieldsThatAre<'left-out', Treatments>> {
  const instead = (field: string): unknown => given[field as keyof typeof given];
  const treatment = {
    kept: (_field: string, value: unknown) => value,
    'left-out': () => undefined,
    personal: instead,
    parts: instead,
    text: (_field: string, value: unknown) => value && masks(value as string | readonly string[]),
  } satisfies Record<Treatment, unknown>;
  return Object.fromEntries(
    Object.entries(treatments as Record<string, Treatment>)
      .map(([field, kind]) => [field, treatment[kind](field, fields[field as keyof Fields])])
      .filter(([, value]) => value !== undefined),
  ) as Omit<Fields, FieldsThatAre<'left-out', Treatments>>;
}
