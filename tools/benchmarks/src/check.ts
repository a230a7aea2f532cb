import { Logger } from '@nestjs/common';
import { say } from './database.ts';
import { judge, limitText } from './isolation/budgets.ts';
import { measureAll } from './isolation/measure-all.ts';
import { CHECK } from './isolation/scales.ts';
import { installPrisma } from './isolation/subjects/prisma-package.ts';

/** Measures what there is a budget for, and fails when something has become worse than it was. */
Logger.overrideLogger(['error']);
await installPrisma();
for (const { figure, budget, today, measured, reached, regressed } of judge(
  await measureAll(CHECK),
)) {
  const found = `${measured.median.toFixed(2)} (${measured.low.toFixed(2)}–${measured.high.toFixed(2)})`;
  const budgeted = `budget ${limitText(budget)} ${reached ? 'reached' : 'not reached'}`;
  say(`${regressed ? 'WORSE' : 'ok   '} ${figure}: ${found}, was ${limitText(today)}; ${budgeted}`);
  process.exitCode = regressed ? 1 : process.exitCode;
}
