import { execFile } from 'node:child_process';
import { devNull } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { LintFinding } from './finding.ts';
import type { Lintable } from './parsed-migration.ts';
import { excludedRules } from './squawk-rules.ts';

/** The oldest server that is supported: what it has to do for a statement is what counts. */
const POSTGRES = '15';
const MEBIBYTE = 1_048_576;

/** squawk is not there, or has not said what it found. */
export class SquawkFailed extends Error {
  override readonly name = 'SquawkFailed';

  constructor(reason: string, cause?: unknown) {
    super(
      `squawk could not be run: ${firstLineOf(reason)}. It comes with npm's optional dependencies: ` +
        'install them (npm ci --include=optional), on a platform that squawk is made for.',
      { cause },
    );
  }
}

function firstLineOf(text: string): string {
  const [line = ''] = text.trim().split('\n');
  return line.replace(/\.$/, '');
}

/** What squawk prints of each finding; lines are counted from 0. */
interface Violation {
  readonly line: number;
  readonly rule_name: string;
  readonly message: string;
  readonly help: string | null;
}

/**
 * Gives what squawk finds in a migration.
 * @throws {SquawkFailed}
 */
export async function askSquawk(migration: Lintable): Promise<readonly LintFinding[]> {
  const { text, statementAt } = scriptOf(migration.up);
  const found = await run(text, optionsFor(migration));
  return found.map(({ line, rule_name, message, help }) => ({
    // Its parser is one of its own: the server's has a rule of that name.
    rule: rule_name === 'syntax-error' ? 'squawk-syntax-error' : rule_name,
    message: help === null ? message : `${message} ${help}`,
    statement: statementAt(line) ?? null,
  }));
}

function optionsFor({ name, kind, isTransactional = true }: Lintable): string[] {
  return [
    // None of its own that lies about somewhere: what is not linted is said here.
    `--config=${devNull}`,
    '--reporter=json',
    `--stdin-filepath=${name}.sql`,
    `--pg-version=${POSTGRES}`,
    ...(isTransactional ? ['--assume-in-transaction'] : []),
    ...excludedRules(kind).map((rule) => `--exclude=${rule}`),
  ];
}

interface Script {
  readonly text: string;
  readonly statementAt: (line: number) => string | undefined;
}

/** One text of all statements, which knows where each begins. */
function scriptOf(statements: readonly string[]): Script {
  const begins: number[] = [];
  let text = '';
  let line = 0;
  for (const statement of statements) {
    // Its comments that silence a rule give no reason: only what a migration accepts does.
    const part = `${statement.replaceAll('squawk-ignore', 'squawk_ignore').replace(/;$/, '')}\n;\n`;
    begins.push(line);
    text += part;
    line += part.split('\n').length - 1;
  }
  return {
    text,
    statementAt: (at) => statements[begins.findLastIndex((begin) => begin <= at)],
  };
}

/** It exits with 1 when it has found something. */
function run(text: string, options: readonly string[]): Promise<readonly Violation[]> {
  const command = fileURLToPath(import.meta.resolve('squawk-cli/js/bin/squawk'));
  return new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      [command, ...options],
      { maxBuffer: 16 * MEBIBYTE },
      (error, stdout, stderr) => {
        try {
          resolve(JSON.parse(stdout) as Violation[]);
        } catch {
          reject(new SquawkFailed(stderr || (error?.message ?? stdout), error));
        }
      },
    );
    // When it ends before it has read all, the exit says why.
    child.stdin?.on('error', () => undefined).end(text);
  });
}
