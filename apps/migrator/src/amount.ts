const BINARY = ['', 'ki', 'Mi', 'Gi', 'Ti'] as const;
const KIBI = 1024;

/** A number with its unit, as people read it: `10 MiB/s`, `1.5 s`. */
export function amount(value: number, unit = ''): string {
  if (!unit.startsWith('B')) {
    return `${value} ${unit}`.trimEnd();
  }
  const power = Math.min(
    BINARY.length - 1,
    Math.floor(Math.log(Math.max(value, 1)) / Math.log(KIBI)),
  );
  return `${Math.round((value / KIBI ** power) * 10) / 10} ${BINARY[power] ?? ''}${unit}`;
}
