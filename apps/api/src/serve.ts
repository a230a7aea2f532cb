import { Logger } from '@nestjs/common';
import { CannotConnect, NotIsolated } from '@tenantry/persistence';
import { type ApiConfig, InvalidEnvironment, readApiConfig } from '@tenantry/platform';
import { createApi } from './create-api.ts';
import { endOnSignal } from './shutdown/end-on-signal.ts';
import { welcome } from './welcome.ts';

/** Runs the API until a signal ends it. */
export async function serve(): Promise<void> {
  try {
    const config = readApiConfig();
    const api = await createApi(config);
    endOnSignal(api, config.shutdown.graceMs);
    await api.listen(config.port, config.host);
    api.flushLogs();
    if (!config.production) {
      process.stdout.write(welcome(addressOf(await api.getUrl(), config), config));
    }
  } catch (error) {
    process.exitCode = 1;
    process.stderr.write(`${explained(error)}\n`);
  }
}

/** Loopback by its name: tenants' host names are below it. */
function addressOf(url: string, { tenantBaseDomain }: ApiConfig): URL {
  const address = new URL(url);
  if (tenantBaseDomain === 'localhost' && address.hostname === '127.0.0.1') {
    address.hostname = 'localhost';
  }
  return address;
}

/** Errors that say what to do: their message is all that is shown. */
const EXPECTED = [CannotConnect, InvalidEnvironment, NotIsolated];

function explained(error: unknown): string {
  if (EXPECTED.some((expected) => error instanceof expected)) {
    return (error as Error).message;
  }
  const { code } = error as { code?: string };
  if (code === 'EADDRINUSE') {
    return `${(error as Error).message}: set PORT to another one, or end what listens there.`;
  }
  Logger.error(error);
  return 'The API could not be started.';
}
