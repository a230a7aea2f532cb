import { ar, base, de, en, Faker, ja, type LocaleDefinition, pl } from '@faker-js/faker';
import { oneOf } from './scatter.ts';
import type { Wording } from './wording.ts';

const LOCALES: readonly LocaleDefinition[] = [en, de, pl, ja, ar];
const OF_EACH_LOCALE = 200;
const OF_ENGLISH = 1_000;
const LABELS = 50;

/**
 * Text that looks like people's, for demonstrations and load. Faker is asked a few thousand times, once, and the rest is chosen
 * from that: a million rows cost no more than that.
 */
export function fakerWording(seed: number): Wording {
  const english = new Faker({ locale: [en, base], seed });
  const all = LOCALES.map((locale) => new Faker({ locale: [locale, en, base], seed }));
  const companies = all.flatMap((faker) => pool(OF_EACH_LOCALE, () => faker.company.name()));
  const people = all.flatMap((faker) => pool(OF_EACH_LOCALE, () => faker.person.fullName()));
  const projects = pool(OF_ENGLISH, () => english.commerce.productName());
  const descriptions = pool(OF_ENGLISH, () => `${english.company.catchPhrase()}.`);
  const { hacker } = english;
  const titles = pool(OF_ENGLISH, () =>
    capitalised(`${hacker.verb()} the ${hacker.adjective()} ${hacker.noun()}`),
  );
  const labels = pool(LABELS, () => english.color.human().toLowerCase());
  return {
    companyName: (number) => oneOf(companies, number),
    personName: (number) => oneOf(people, number),
    projectName: (number) => oneOf(projects, number),
    description: (number) => oneOf(descriptions, number),
    taskTitle: (number) => oneOf(titles, number),
    label: (number) => oneOf(labels, number),
  };
}

function pool(size: number, make: () => string): readonly string[] {
  return Array.from({ length: size }, make);
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
