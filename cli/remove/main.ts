import { runCommand } from '../exit.ts';
import { remove } from './remove.ts';

/** `npm run remove`. */
await runCommand((args) => remove(args, process.env));
