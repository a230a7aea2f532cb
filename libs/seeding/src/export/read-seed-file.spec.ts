import { slug } from '@tenantry/domain';
import { seedId } from '../profiles/seed-id.ts';
import { SeedFileInvalid } from './file-value.ts';
import { readSeedFile } from './read-seed-file.ts';

const aTask = { id: seedId(41), title: 'One', status: 'done', assigneeId: seedId(11) };
const aProject = { id: seedId(21), key: 'ONE', name: 'One', tasks: [aTask] };
const aMember = { id: seedId(11), email: 'person1@example.invalid', name: 'Person 1' };
const aTenant = { slug: 'acme', name: 'acme', isolation: 'shared' };
const aFile = { format: 1, tenant: aTenant, members: [aMember], projects: [aProject] };

/** What is said of a file that is no seed. */
function refusalOf(file: string): string {
  try {
    readSeedFile(file);
  } catch (error) {
    if (error instanceof SeedFileInvalid) {
      return error.message;
    }
    throw error;
  }
  return 'none';
}

describe('a seed file', () => {
  it('gives the tenant with all that it has, under the ids that it has', () => {
    expect(readSeedFile(JSON.stringify(aFile))).toEqual({
      registration: aTenant,
      members: [aMember],
      projects: [aProject],
    });
  });

  it('gives the tenant under another slug', () => {
    const { registration } = readSeedFile(JSON.stringify(aFile), { as: slug('acme-copy') });

    expect(registration).toEqual({ ...aTenant, slug: 'acme-copy' });
  });
});

describe('a file that is no seed', () => {
  const withTenant = (more: object) => ({ ...aFile, tenant: { ...aTenant, ...more } });
  const withMembers = (...members: object[]) => ({ ...aFile, members });
  const withProject = (more: object) => ({ ...aFile, projects: [{ ...aProject, ...more }] });
  const withTask = (more: object) => withProject({ tasks: [{ ...aTask, ...more }] });
  const withOpenTask = (more: object) =>
    withProject({ tasks: [{ ...aTask, status: 'open' }], ...more });

  it.each<[string, unknown, string]>([
    ['a list', [], 'The file must be an object.'],
    ['of another format', { ...aFile, format: 2 }, 'format must be 1.'],
    [
      'with a field too much',
      { ...aFile, tenants: [] },
      'tenants is not known; there is format, tenant, members, projects.',
    ],
    ['without members', { ...aFile, members: undefined }, 'members must be a list.'],
    [
      'with the tenant’s id',
      withTenant({ id: seedId(1) }),
      'tenant.id is not known; there is slug, name, plan, features, configuration, isolation.',
    ],
    [
      'with a slug that is none',
      withTenant({ slug: 'Acme' }),
      'tenant.slug is not possible: The slug must be 1 to 63 lower-case letters, digits and inner hyphens.',
    ],
    [
      'with a feature that is neither on nor off',
      withTenant({ features: { search: 'yes' } }),
      'tenant.features.search must be true or false.',
    ],
    [
      'with a time zone that there is not',
      withTenant({ configuration: { timeZone: 'Mars/Olympus' } }),
      'tenant is not possible: The tenant configuration must name a known locale and time zone.',
    ],
    [
      'with an address that is none',
      withMembers({ ...aMember, email: 'nobody' }),
      'members[0].email is not possible: The email must be an address such as ada@example.com.',
    ],
    [
      'with a nameless member',
      withMembers({ ...aMember, name: ' ' }),
      'members[0] is not possible: The member name must be 1 to 200 printable characters.',
    ],
    [
      'with an address twice, whatever its case',
      withMembers(aMember, { email: 'PERSON1@example.invalid', name: 'Two' }),
      'members[1].email must differ from members[0].email.',
    ],
    [
      'with an id that is none',
      withProject({ id: '21' }),
      'projects[0].id is not possible: The id must be a uuid in lower case.',
    ],
    [
      'with a key twice',
      { ...aFile, projects: [aProject, { key: 'ONE', name: 'Two' }] },
      'projects[1].key must differ from projects[0].key.',
    ],
    [
      'with a member’s id twice',
      withMembers(aMember, { ...aMember, email: 'two@example.invalid' }),
      'members[1].id must differ from members[0].id.',
    ],
    [
      'with a project’s id twice',
      { ...aFile, projects: [aProject, { id: seedId(21), key: 'TWO', name: 'Two' }] },
      'projects[1].id must differ from projects[0].id.',
    ],
    [
      'with a task’s id in two projects',
      { ...aFile, projects: [aProject, { key: 'TWO', name: 'Two', tasks: [aTask] }] },
      'projects[1].tasks[0].id must differ from projects[0].tasks[0].id.',
    ],
    [
      'with a color that is none',
      withProject({ settings: { color: 'red' } }),
      'projects[0] is not possible: The project color must be written as #rrggbb.',
    ],
    [
      'with a status of a task that there is not',
      withTask({ status: 'waiting' }),
      'projects[0].tasks[0].status must be open or in-progress or done.',
    ],
    [
      'with a label that is none',
      withTask({ labels: ['!'] }),
      'projects[0].tasks[0] is not possible: The labels must each be 1 to 40 letters, digits, spaces and _ . : / -.',
    ],
    [
      'with a label that is no text',
      withTask({ labels: ['one', 2] }),
      'projects[0].tasks[0].labels[1] must be a text.',
    ],
    [
      'with an assignee who is not a member',
      withTask({ assigneeId: seedId(12) }),
      'projects[0].tasks[0].assigneeId must be the id of one of the members.',
    ],
    [
      'with a project that is completed before its tasks are',
      withOpenTask({ status: 'completed' }),
      'projects[0].status is not possible: Project ONE still has 1 open tasks.',
    ],
    [
      'with a project that is archived before its tasks are done',
      withOpenTask({ archived: true }),
      'projects[0].archived is not possible: Project ONE still has 1 open tasks.',
    ],
  ])('%s is refused, saying where and why', (_what, file, message) => {
    expect(refusalOf(JSON.stringify(file))).toBe(message);
  });

  it('since it is not even JSON is refused as a whole', () => {
    expect(refusalOf('{ "format": 1,')).toMatch(/^The file is not possible: .*JSON/);
  });
});
