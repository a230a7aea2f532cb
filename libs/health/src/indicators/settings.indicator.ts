import type { Queryable } from '@tenantry/persistence';
import { Indicator, RARELY_MS } from '../report/indicator.ts';
import { judged, type Reading, unknown } from '../report/reading.ts';
import { type ExpectedSetting, expectedSettings } from './expected-settings.ts';

/** Whether the server is set up to keep what it has acknowledged, and to tell what it does. */
export class SettingsIndicator extends Indicator {
  override readonly name = 'settings';
  override readonly everyMs = RARELY_MS;
  private readonly expected: readonly ExpectedSetting[];

  constructor(poolMax: number) {
    super();
    this.expected = expectedSettings(poolMax);
  }

  override async observe(database: Queryable): Promise<readonly Reading[]> {
    // What the session began with: within a scope some of them are other than that.
    const rows = await database.execute<{ name: string; value: string }[]>(
      `select name, reset_val as value from pg_settings
       where name in (select jsonb_array_elements_text(?::jsonb))`,
      [JSON.stringify(this.expected.map(({ name }) => name))],
    );
    const values = new Map(rows.map(({ name, value }) => [name, value]));
    return this.expected.map((setting) => readingOf(setting, values.get(setting.name)));
  }
}

function readingOf(setting: ExpectedSetting, value: string | undefined): Reading {
  const { name, expected, fits, otherwise, advice } = setting;
  return value === undefined
    ? unknown(name, 'the server does not show it', advice)
    : judged(name, fits(value) ? 'pass' : otherwise, value, { threshold: expected, advice });
}
