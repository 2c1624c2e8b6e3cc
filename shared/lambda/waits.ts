import * as z from 'zod/mini';
import { speedUp } from '../waits.ts';
import { environment } from './environment.ts';

const settings = environment(z.object({ WAIT_SPEED: z.pipe(z.string(), z.transform(Number)) }));

/** The waits of this deployment. WAIT_SPEED is 1, except in tests. */
export const waits = () => speedUp(settings().WAIT_SPEED);
