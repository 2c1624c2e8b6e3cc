import type { Mechanism } from '../login.ts';
import type { Request } from '../request/request.ts';

/** The mechanism of a run that asks for `auto`, or the one that it asks for. */
export const chooseMechanism = ({ mechanism }: Pick<Request, 'mechanism'>): Mechanism =>
  mechanism === 'auto' ? 'SCRAM-512' : mechanism;
