import { exitCodes, NoAccess, UsageError } from '../exit.ts';
import { remove } from './remove.ts';

/** `npm run remove`. */
try {
  process.exitCode = await remove(process.argv.slice(2), process.env);
} catch (error) {
  if (!(error instanceof UsageError || error instanceof NoAccess)) throw error;
  console.error(error.message);
  process.exitCode = exitCodes.cannotTell;
}
