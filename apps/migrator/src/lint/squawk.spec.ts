import { describeRules, NOTE } from './testing/planted.ts';

describeRules([
  [
    'identifier-too-long',
    {
      'of 64 bytes': [`alter table task add column ${'a'.repeat(64)} text`],
      'of 32 letters with accents': [`alter table task add column "${'é'.repeat(32)}" text`],
    },
    [
      `alter table task add column ${'a'.repeat(63)} text`,
      `alter table task add column "${'é'.repeat(31)}" text`,
    ],
  ],
  [
    'changing-column-type',
    { 'on a table in use': ['alter table task alter column number type bigint'] },
    ['alter table task add column big_number bigint'],
  ],
  [
    'adding-field-with-default',
    {
      volatile: ['alter table task add column a uuid default gen_random_uuid()'],
      stored: ['alter table task add column a int generated always as (number + 1) stored'],
      identity: ['alter table task add column a bigint generated always as identity'],
    },
    ['alter table task add column a int not null default 0'],
  ],
  [
    'adding-required-field',
    { 'on a table in use': ['alter table task add column a text not null'] },
    ['alter table task add column a text null'],
  ],
  [
    'adding-not-nullable-field',
    { 'on a table in use': ['alter table task alter column title set not null'] },
    ['alter table task add constraint c check (title is not null) not valid'],
  ],
  [
    'constraint-missing-not-valid',
    {
      'a check': [`alter table task add constraint c check (title <> '')`],
      'a foreign key': [
        'alter table task add foreign key (tenant_id, a) references project (tenant_id, id)',
      ],
      'one that is validated at once': [
        `alter table task add constraint c check (title <> '') not valid`,
        'alter table task validate constraint c',
      ],
    },
    [`alter table task add constraint c check (title <> '') not valid`],
  ],
  [
    'disallowed-unique-constraint',
    { 'on a table in use': ['alter table task add constraint k unique (tenant_id, title)'] },
    ['alter table task add constraint k unique using index k'],
  ],
  [
    'adding-serial-primary-key-field',
    { 'on a table in use': ['alter table task add primary key (tenant_id, id)'] },
    ['alter table task add primary key using index k'],
  ],
  [
    'require-concurrent-index-creation',
    {
      'on a table': ['create index i on task (tenant_id, title)'],
      'in one text with a new one': [
        ...NOTE,
        'create index i on note (tenant_id, body); create index j on task (tenant_id, title)',
      ],
      'beside a new one': [...NOTE, 'create index i on task (tenant_id, title)'],
    },
    [...NOTE, 'create index i on note (tenant_id, body)'],
  ],
]);
