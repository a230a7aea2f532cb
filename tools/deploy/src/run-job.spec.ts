import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readText, ROOT } from './manifests.ts';
import { readExitCodes } from './migrator-command.ts';

/** What a cluster answers: the Job's conditions and pods, before and after it was applied. */
interface Cluster {
  readonly before?: string;
  readonly conditions: string;
  readonly pods: string;
  readonly reason?: string;
  readonly succeeded?: string;
}

/** Stands for kubectl: it writes down what it was asked, and answers as the cluster would. */
const KUBECTL = `#!/usr/bin/env bash
echo "$*" >>"$FOLDER/calls"
applied() { [ -e "$FOLDER/applied" ]; }
ended() { [ -e "$FOLDER/ended" ]; }
case "$*" in
  *metadata.name}) if applied || [ -n "$BEFORE" ]; then echo -n the-job; fi ;;
  *status.conditions*.type}) if applied; then
      # Not at once.
      if [ -e "$FOLDER/asked" ]; then echo -n "$CONDITIONS"; touch "$FOLDER/ended"; fi
      touch "$FOLDER/asked"
    else echo -n "$BEFORE"; fi ;;
  *.reason}) echo -n "$REASON" ;;
  *status.succeeded}) if ended; then echo -n "$SUCCEEDED"; fi ;;
  'get pods'*) if ended && [ -n "$PODS" ]; then echo "$PODS"; fi ;;
  'set image'*) echo "manifest of $*" ;;
  'apply'*) cat >"$FOLDER/applied" ;;
  logs*) echo "said by $2" ;;
esac
`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-job-'));
  writeFileSync(join(folder, 'kubectl'), KUBECTL, { mode: 0o755 });
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function runJob(
  { before = '', conditions, pods, reason = '', succeeded = '' }: Cluster,
  args: readonly string[] = ['migrate', 'registry.example.com/tenantry-migrator@sha256:1'],
): Promise<{ code: number | null; stdout: string; stderr: string; calls: readonly string[] }> {
  const env = {
    PATH: `${folder}:/usr/bin:/bin`,
    FOLDER: folder,
    RUN_JOB_POLL_SECONDS: '0.01',
    BEFORE: before,
    CONDITIONS: conditions,
    PODS: pods,
    REASON: reason,
    SUCCEEDED: succeeded,
  };
  return new Promise((resolve) => {
    const child = execFile(
      join(ROOT, 'deploy/kubernetes/run-job'),
      args,
      { env },
      (_, stdout, stderr) => {
        const calls = readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
        resolve({ code: child.exitCode, stdout, stderr, calls });
      },
    );
  });
}

const exit = readExitCodes();
const MEANINGS = new Map(
  [...readText('deploy/kubernetes/run-job').matchAll(/^ {2}(\d+)\) meaning='(.+)'/gm)].map(
    ([, code, meaning]) => [Number(code), meaning],
  ),
);

describe('a Job that completes', () => {
  const cluster = { conditions: 'SuccessCriteriaMet Complete', pods: 'one 0', succeeded: '1' };

  it('is applied with the image, after the last one is gone, and its logs are shown', async () => {
    const { code, stdout, calls } = await runJob({ ...cluster, before: 'Complete' });

    expect(code).toBe(0);
    expect(stdout).toContain('said by one');
    const order = ['delete job tenantry-migrate', 'apply'].map((call) =>
      calls.findIndex((each) => each.startsWith(call)),
    );
    expect(order).not.toContain(-1);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(readFileSync(join(folder, 'applied'), 'utf8')).toMatch(
      /migrate-job\.yaml migrator=registry\.example\.com\/tenantry-migrator@sha256:1 /,
    );
  });

  it('has done so when a try before failed', async () => {
    const { code, stdout } = await runJob({ ...cluster, pods: 'one 5\ntwo 0' });

    expect(code).toBe(0);
    expect(stdout).toMatch(/one, exit code 5\nsaid by one\n.*two, exit code 0\nsaid by two/s);
  });
});

describe('a Job that fails', () => {
  const codes = Object.entries(exit).filter(([name]) => name !== 'done' && name !== 'pending');

  it.each(codes)(
    'gives the exit code of its last pod, and says what it means: %s',
    async (_, code) => {
      const answer = await runJob({
        conditions: 'FailureTarget Failed',
        pods: `one 4\ntwo ${code}`,
        reason: 'BackoffLimitExceeded',
      });

      expect(answer.code).toBe(code);
      expect(MEANINGS.get(code)).toBeDefined();
      expect(answer.stderr).toContain(
        `(BackoffLimitExceeded), exit code ${code}: ${MEANINGS.get(code)}`,
      );
    },
  );

  it('knows no codes that the migrator does not have', () => {
    expect([...MEANINGS.keys()].toSorted()).toEqual(codes.map(([, code]) => code).toSorted());
  });

  it.each([
    ['its pod is gone', '', 1],
    ['its pod has none', 'one ', 1],
    ['it was killed', 'one 137', 137],
  ])('is not taken for done when %s', async (_, pods, expected) => {
    const { code, stderr } = await runJob({
      conditions: 'Failed',
      pods,
      reason: 'DeadlineExceeded',
    });

    expect(code).toBe(expected);
    expect(stderr).toContain('DeadlineExceeded');
  });
});

describe('a Job that still runs', () => {
  it('is neither deleted nor replaced', async () => {
    const { code, stderr, calls } = await runJob({ before: 'Suspended', conditions: '', pods: '' });

    expect(code).toBe(exit['locked']);
    expect(stderr).toContain('tenantry-migrate is still running');
    expect(calls.filter((call) => !call.startsWith('get '))).toEqual([]);
  });
});
