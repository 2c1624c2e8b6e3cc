import { setTimeout as pause } from 'node:timers/promises';
import type { Cloud } from '../../emulators/cloud.ts';
import type { Answer, Call, Delivery, ServiceName } from '../../emulators/emulator.ts';
import type { FunctionEnd } from '../../emulators/lambda/container.ts';
import { page, troubled, versionConflict } from './answers.ts';

/** How many times faster than real time the functions' own time-outs and pauses run here. */
export const functionSpeed = 20;

/** A remote call that a fault may befall: the function that makes it (its name is the state's), and what it calls. */
export interface RemoteCall {
  caller: string;
  service: ServiceName;
  operation: string;
  /** Which of the calls of this operation it is, in one invocation of the function: from 1. */
  occurrence: number;
  /** Whether the caller has shown an access token, and not answered a digest challenge. */
  isBearer: boolean;
  isWrite: boolean;
}

/** What a fault does to the caller: something is delivered to it, its service goes away, or it ends itself. */
export type Effect = Delivery | 'down' | FunctionEnd | 'stop execution';

/** One way in which a remote call may fail. */
export interface Fault {
  name: string;
  /** To which calls it can happen; to every call, if not said. */
  concerns?(call: RemoteCall): boolean;
  /**
   * `passes`: a run survives it without a person when it comes once or three times. `harmless`: even when it stays.
   * `wants a person`: no state may be tried again because of it. `ends the run`: it cannot go on, and another one can.
   */
  kind: 'passes' | 'harmless' | 'wants a person' | 'ends the run';
  /** The classes of the errors in which a run may end because of it, */
  errors: string[];
  /** and what the Cause then tells a person to do. */
  says: RegExp;
  befall(call: Call, next: () => Promise<Answer>, cloud: Cloud): Promise<Effect>;
}

const ofAws = ({ service }: RemoteCall) => service !== 'atlas';
/** The call for an access token has no nonce, and no access list. */
const ofAtlasApi = ({ service, operation }: RemoteCall) => service === 'atlas' && operation !== 'createToken';
const byDigest = (call: RemoteCall) => ofAtlasApi(call) && !call.isBearer;
/** For an answer without a body, the AWS SDK takes anybody's page. */
const answeredWithBody = ({ operation }: RemoteCall) => !['TagResource', 'UntagResource'].includes(operation);

const unavailable = ['AtlasUnavailable', 'AwsUnavailable'];
/** Its own time-out ends a function a second before Lambda does, which on a busy machine may be too late. */
const noAnswer = [...unavailable, 'FunctionTimedOut', 'Sandbox.Timedout'];
const throttled = ['AtlasThrottled', 'AtlasUnavailable', 'AwsThrottled'];
/** A SCRAM secret that cannot be read is a prerequisite that is not met. */
const refused = ['AtlasRefused', 'AwsRefused', 'PrerequisitesNotMet'];

const ended = ['Runtime.ExitError', 'Sandbox.Timedout'];

const thatItPasses = /passes by itself.*start again/s;
const toLookAtTheLog = /log group.*start again/s;

/** When the callers give up, in seconds: shared/aws.ts and shared/atlas/client.ts. */
const limit = (service: ServiceName) => (service === 'atlas' ? 15 : 10);
const justUnder = 0.85;

export const faults: Fault[] = [
  { name: 'connection refused', kind: 'passes', errors: unavailable, says: thatItPasses, befall: async () => 'down' },
  {
    name: 'reset before it was applied',
    kind: 'passes',
    errors: unavailable,
    says: thatItPasses,
    befall: async () => 'reset',
  },
  {
    name: 'reset after it was applied',
    kind: 'passes',
    errors: unavailable,
    says: thatItPasses,
    befall: async (_, next) => {
      await next();
      return 'reset';
    },
  },
  {
    name: 'time-out before it was applied',
    kind: 'passes',
    errors: noAnswer,
    says: /(passes by itself|log group).*start again/s,
    befall: async () => 'silence',
  },
  {
    name: 'time-out after it was applied',
    kind: 'passes',
    errors: noAnswer,
    says: /(passes by itself|log group).*start again/s,
    befall: async (_, next) => {
      await next();
      return 'silence';
    },
  },
  {
    name: 'slow answer, just under the limit',
    kind: 'harmless',
    errors: [],
    says: /never/,
    befall: async ({ service }, next) => {
      const answer = await next();
      await pause((limit(service) * justUnder * 1000) / functionSpeed);
      return answer;
    },
  },
  {
    name: 'throttled, with Retry-After',
    kind: 'passes',
    errors: throttled,
    says: thatItPasses,
    befall: async ({ service }) => troubled(service, 'throttled', { 'retry-after': '2' }),
  },
  {
    name: 'throttled, without Retry-After',
    kind: 'passes',
    errors: throttled,
    says: thatItPasses,
    befall: async ({ service }) => troubled(service, 'throttled'),
  },
  {
    name: 'internal error (500)',
    kind: 'passes',
    errors: unavailable,
    says: thatItPasses,
    befall: async ({ service }) => troubled(service, 'failed'),
  },
  {
    name: 'unavailable (503)',
    kind: 'passes',
    errors: unavailable,
    says: thatItPasses,
    befall: async ({ service }) => troubled(service, 'unavailable'),
  },
  {
    name: 'a page of somebody else (200)',
    concerns: answeredWithBody,
    kind: 'passes',
    errors: unavailable,
    says: thatItPasses,
    befall: async () => page(200),
  },
  {
    name: 'a page of somebody else (404)',
    concerns: ofAtlasApi,
    kind: 'passes',
    errors: unavailable,
    says: thatItPasses,
    befall: async () => page(404),
  },
  {
    name: 'a body that is cut short',
    kind: 'passes',
    errors: unavailable,
    says: thatItPasses,
    befall: async (_, next) => ({ cutShort: await next() }),
  },
  {
    name: 'version conflict',
    concerns: ({ operation }) => ['UpdateConnectivity', 'PutClusterPolicy'].includes(operation),
    kind: 'passes',
    errors: ['VersionConflict'],
    says: thatItPasses,
    befall: async ({ operation }) => versionConflict(operation),
  },
  {
    name: '401 with stale nonce',
    concerns: byDigest,
    kind: 'passes',
    errors: unavailable,
    says: thatItPasses,
    befall: async (_call, _next, { world }) => world.atlas.auth.staleNonce().answer,
  },
  {
    name: '401 for good',
    concerns: ofAtlasApi,
    kind: 'wants a person',
    errors: refused,
    says: /Check the keys in the Atlas credentials secret/,
    befall: async (_call, _next, { world }) => world.atlas.auth.unknownCaller().answer,
  },
  {
    name: '403 access list',
    concerns: ofAtlasApi,
    kind: 'wants a person',
    errors: refused,
    says: /to the access list of the API key/,
    befall: async () => troubled('atlas', 'denied'),
  },
  {
    name: 'access denied by IAM',
    concerns: ofAws,
    kind: 'wants a person',
    errors: refused,
    says: /role lacks|must let this account's roles read it/,
    befall: async ({ service }) => troubled(service, 'denied'),
  },
  ...(['crash', 'time-out', 'stop execution'] as const).flatMap((end) => killed(end)),
];

/** The function is ended right before and right after a write of its own; or its execution is stopped, by a person. */
function killed(end: FunctionEnd | 'stop execution'): Fault[] {
  const what = {
    crash: 'function crashes',
    'time-out': 'Lambda ends the function',
    'stop execution': 'run is stopped',
  };
  const stops = end === 'stop execution';
  const shared = {
    kind: stops ? ('ends the run' as const) : ('passes' as const),
    // The sweep belongs to no execution.
    concerns: ({ isWrite, service }: RemoteCall) => isWrite && !(stops && service === 'states'),
    errors: ended,
    says: toLookAtTheLog,
  };
  return [
    { ...shared, name: `${what[end]} before it writes`, befall: async () => end },
    {
      ...shared,
      name: `${what[end]} after it has written`,
      befall: async (_, next) => {
        await next();
        return end;
      },
    },
  ];
}
