import { Logger } from '@nestjs/common';
import { measureAll } from './isolation/measure-all.ts';
import { writeIsolationReport } from './isolation/report.ts';
import { FULL, SHORT } from './isolation/scales.ts';
import { installPrisma } from './isolation/subjects/prisma-package.ts';

/**
 * What isolation costs in this library and in others, beside what the same work takes without. Takes some minutes; `--short`
 * takes less than one, and says nothing but that all of it works.
 */
Logger.overrideLogger(['error']);
await installPrisma();
const isShort = process.argv.includes('--short');
await writeIsolationReport(await measureAll(isShort ? SHORT : FULL), isShort);
