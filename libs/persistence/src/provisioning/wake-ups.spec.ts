import { type Persistence, startPersistence } from '../testing/persistence-harness.ts';
import { type Provisioner, startProvisioner } from '../testing/provisioning-harness.ts';
import { WakeUps } from './wake-ups.ts';

const LONG_MS = 20_000;

let persistence: Persistence;
let provisioner: Provisioner;
let wakeUps: WakeUps;

beforeEach(async () => {
  persistence = await startPersistence();
  provisioner = await startProvisioner(persistence.config);
  wakeUps = new WakeUps(persistence.config.ownerUrl);
  await wakeUps.start();
  // For what was requested while nobody listened.
  await wakeUps.next(LONG_MS);
});

afterEach(async () => {
  await wakeUps.stop();
  await provisioner.stop();
  await persistence.stop();
});

const timed = async (waiting: Promise<void>): Promise<number> => {
  const start = Date.now();
  await waiting;
  return Date.now() - start;
};

describe('who waits for something to do', () => {
  it('is woken when a tenant is requested', async () => {
    const waiting = timed(wakeUps.next(LONG_MS));

    await provisioner.register('hooli', 'shared');

    expect(await waiting).toBeLessThan(2_000);
  });

  it('does not miss what was requested while busy', async () => {
    await provisioner.register('hooli', 'shared');
    await provisioner.pass();

    expect(await timed(wakeUps.next(LONG_MS))).toBeLessThan(2_000);
    expect(await timed(wakeUps.next(200))).toBeGreaterThan(150);
  });

  it('is woken to end', async () => {
    const waiting = timed(wakeUps.next(LONG_MS));

    await wakeUps.stop();

    expect(await waiting).toBeLessThan(2_000);
  });
});
