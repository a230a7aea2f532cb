import type { BaseSeeder } from './base.seeder.ts';

/** The seeders of this installation: those of the profiles that come along, and its own. */
export class Seeders {
  constructor(readonly all: readonly BaseSeeder[]) {}
}
