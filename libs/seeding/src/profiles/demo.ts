import { domainName, email, projectKey, slug } from '@tenantry/domain';
import type { SeedTenant } from './seed-data.ts';
import { seedId } from './seed-id.ts';

/** Three tenants to try things with. Some of their ids are the same, which must not matter. */
export const demo: readonly SeedTenant[] = [
  {
    registration: {
      id: seedId(1),
      slug: slug('acme'),
      name: 'Acme Corporation',
      plan: 'team',
      features: { search: true },
      configuration: { locale: 'en-US', timeZone: 'America/Los_Angeles' },
      isolation: 'shared',
    },
    members: [
      { id: seedId(11), email: email('wile@acme.example'), name: 'Wile E. Coyote' },
      { id: seedId(12), email: email('chuck@acme.example'), name: 'Chuck Jones' },
      { id: seedId(13), email: email('michiko@acme.example'), name: '田中 美智子' },
    ],
    projects: [
      {
        id: seedId(21),
        key: projectKey('ROCKET'),
        name: 'Rocket skates',
        description: 'Faster than any bird. Steering comes later.',
        settings: { color: '#d7263d', icon: 'rocket' },
        tasks: [
          {
            title: 'Build the boosters',
            assigneeId: seedId(11),
            labels: ['hardware'],
            status: 'in-progress',
          },
          { title: 'Order brakes', labels: ['hardware', 'safety'] },
          { title: 'Read the manual', assigneeId: seedId(12), status: 'done' },
        ],
      },
      {
        id: seedId(22),
        key: projectKey('TUNNEL'),
        name: 'Painted tunnel',
        settings: { color: '#1b998b' },
        tasks: [{ title: 'Choose a cliff', assigneeId: seedId(13), labels: ['survey'] }],
      },
      { id: seedId(23), key: projectKey('MAGNET'), name: 'Bird seed with iron', archived: true },
    ],
  },
  {
    registration: {
      id: seedId(2),
      slug: slug('globex'),
      name: 'Globex Corporation',
      domain: domainName('projects.globex.example'),
      plan: 'enterprise',
      configuration: { locale: 'de-AT', timeZone: 'Europe/Vienna' },
      isolation: 'shared',
    },
    members: [
      { id: seedId(11), email: email('hank@globex.example'), name: 'Hank Scorpio' },
      { id: seedId(12), email: email('homer@globex.example'), name: 'Homer Simpson' },
    ],
    projects: [
      {
        id: seedId(21),
        key: projectKey('HAMMOCK'),
        name: 'Hammock district',
        description: 'Third Street: four shops, one of them good.',
        settings: { color: '#f4a259' },
        tasks: [
          { title: 'Find business hammocks', assigneeId: seedId(12) },
          {
            title: 'Get some sugar',
            assigneeId: seedId(11),
            status: 'done',
            labels: ['kitchen'],
          },
        ],
      },
      {
        id: seedId(22),
        key: projectKey('ROCKET'),
        name: 'Rocket, but for weather',
        tasks: [{ title: 'Ask the council', labels: ['permit', 'höchste Priorität'] }],
      },
    ],
  },
  {
    registration: {
      id: seedId(3),
      slug: slug('initech'),
      name: 'Initech',
      plan: 'enterprise',
      isolation: 'schema',
      placementId: seedId(31),
    },
    members: [
      { id: seedId(11), email: email('peter@initech.example'), name: 'Peter Gibbons' },
      { id: seedId(12), email: email('milton@initech.example'), name: 'Milton Waddams' },
    ],
    projects: [
      {
        id: seedId(21),
        key: projectKey('TPS'),
        name: 'TPS reports',
        description: 'With the new cover sheets.',
        tasks: [
          { title: 'Put the cover sheet on', assigneeId: seedId(11) },
          { title: 'Find the stapler', assigneeId: seedId(12), labels: ['red'] },
        ],
      },
    ],
  },
];
