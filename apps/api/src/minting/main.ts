import { InvalidEnvironment } from '@tenantry/platform';
import { MintingRefused, mintToken } from './mint-token.ts';

/** Prints a token and nothing else, so that it can be used within another command. */
try {
  process.stdout.write(`${await mintToken(process.argv.slice(2))}\n`);
} catch (error) {
  if (!(error instanceof MintingRefused || error instanceof InvalidEnvironment)) {
    throw error;
  }
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
