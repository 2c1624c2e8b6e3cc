import type { Cloud } from '../../emulators/cloud.ts';
import type { Answer, Call, Delivery, ServiceName } from '../../emulators/emulator.ts';
import type { FunctionEnd } from '../../emulators/lambda/container.ts';
import { failedAnswer, page, tableAnswers, versionConflict } from './answers.ts';

/** How many times faster than real time the time-outs and pauses of functions pass here. */
export const functionSpeed = 20;

/** A remote call that may fail. */
export interface RemoteCall {
  /** The function that makes it, by the name of its state. */
  caller: string;
  service: ServiceName;
  operation: string;
  /** Its number among the calls of this operation in one invocation of the function, from 1. */
  occurrence: number;
  /** Whether it has an access token, not a digest. */
  isBearer: boolean;
  isWrite: boolean;
}

/** What happens to the caller: it gets a delivery, its service goes down, the function ends, or its execution is stopped. */
export type Effect = Delivery | 'down' | FunctionEnd | 'stop execution';

/** One way in which a remote call may fail. */
export interface Fault {
  name: string;
  /** Which calls it can happen to. Default: all. */
  appliesTo?(call: RemoteCall): boolean;
  /**
   * `transient`: a run survives it without a person if it happens once or three times. `harmless`: even if it always happens.
   * `needs a person`: no state is retried because of it. `ends the run`: another run can resume.
   */
  kind: 'transient' | 'harmless' | 'needs a person' | 'ends the run';
  /** The error classes that a run may fail with because of it. */
  errors: string[];
  /** What the Cause then tells a person to do. */
  says: RegExp;
  inject(call: Call, next: () => Promise<Answer>, cloud: Cloud): Promise<Effect>;
}

const ofTable = ({ service }: RemoteCall) => service === 'dynamodb';
const ofAws = ({ service }: RemoteCall) => service !== 'atlas';
/** The request for an access token has neither a nonce nor an access list. */
const ofAtlasApi = ({ service, operation }: RemoteCall) => service === 'atlas' && operation !== 'createToken';
const byDigest = (call: RemoteCall) => ofAtlasApi(call) && !call.isBearer;
/** The AWS SDK accepts any page as an answer that needs no body. */
const answeredWithBody = ({ operation }: RemoteCall) => !['TagResource', 'UntagResource'].includes(operation);

const unavailable = ['AtlasUnavailable', 'AwsUnavailable'];
/** A function ends itself a second before Lambda does. On a busy machine that may be too late. */
const noAnswer = [...unavailable, 'FunctionTimedOut', 'Sandbox.Timedout'];
const throttled = ['AtlasThrottled', 'AtlasUnavailable', 'AwsThrottled'];
/** A SCRAM secret that cannot be read is an unmet prerequisite. */
const refused = [
  'AtlasRefused',
  'AtlasCredentialsRefused',
  'AwsRefused',
  'PrerequisitesNotMet',
  'DeploymentMisconfigured',
];
const unusable = ['DeploymentMisconfigured'];
const registryUnusable = /The registry .* cannot be used.*Deploy again/s;

const ended = ['Runtime.ExitError', 'Sandbox.Timedout'];

const retryLater = /usually transient.*start a new execution later/s;
const readTheLog = /log group.*start a new execution/s;

/** The time-outs of the callers in seconds: shared/aws.ts and shared/atlas/transport.ts. */
const timeoutSeconds = (service: ServiceName) => (service === 'atlas' ? 15 : 10);
const slowShare = 0.85;

export const faults: Fault[] = [
  { name: 'connection refused', kind: 'transient', errors: unavailable, says: retryLater, inject: async () => 'down' },
  {
    name: 'reset before the call is applied',
    kind: 'transient',
    errors: unavailable,
    says: retryLater,
    inject: async () => 'reset',
  },
  {
    name: 'reset after the call is applied',
    kind: 'transient',
    errors: unavailable,
    says: retryLater,
    inject: async (_, next) => {
      await next();
      return 'reset';
    },
  },
  {
    name: 'time-out before the call is applied',
    kind: 'transient',
    errors: noAnswer,
    says: /(usually transient|log group).*start a new execution/s,
    inject: async () => 'silence',
  },
  {
    name: 'time-out after the call is applied',
    kind: 'transient',
    errors: noAnswer,
    says: /(usually transient|log group).*start a new execution/s,
    inject: async (_, next) => {
      await next();
      return 'silence';
    },
  },
  {
    name: 'slow answer, just within the time-out',
    kind: 'harmless',
    errors: [],
    says: /never/,
    inject: async ({ service }, next, { clock }) => {
      const answer = await next();
      await clock.wait(timeoutSeconds(service) * slowShare);
      return answer;
    },
  },
  {
    name: 'throttled, with Retry-After',
    kind: 'transient',
    errors: throttled,
    says: retryLater,
    inject: async ({ service }) => failedAnswer(service, 'throttled', { 'retry-after': '2' }),
  },
  {
    name: 'throttled, without Retry-After',
    kind: 'transient',
    errors: throttled,
    says: retryLater,
    inject: async ({ service }) => failedAnswer(service, 'throttled'),
  },
  {
    name: 'throughput of the table exceeded',
    appliesTo: ofTable,
    kind: 'transient',
    errors: throttled,
    says: retryLater,
    inject: async () => tableAnswers.throughputExceeded(),
  },
  {
    name: 'internal error (500)',
    kind: 'transient',
    errors: unavailable,
    says: retryLater,
    inject: async ({ service }) => failedAnswer(service, 'failed'),
  },
  {
    name: 'unavailable (503)',
    kind: 'transient',
    errors: unavailable,
    says: retryLater,
    inject: async ({ service }) => failedAnswer(service, 'unavailable'),
  },
  {
    name: 'page of a proxy (200)',
    appliesTo: answeredWithBody,
    kind: 'transient',
    errors: unavailable,
    says: retryLater,
    inject: async () => page(200),
  },
  {
    name: 'page of a proxy (404)',
    appliesTo: ofAtlasApi,
    kind: 'transient',
    errors: unavailable,
    says: retryLater,
    inject: async () => page(404),
  },
  {
    name: 'answer cut short',
    kind: 'transient',
    errors: unavailable,
    says: retryLater,
    inject: async (_, next) => ({ cutShort: await next() }),
  },
  {
    name: 'version conflict',
    appliesTo: ({ operation }) => ['UpdateConnectivity', 'PutClusterPolicy'].includes(operation),
    kind: 'transient',
    errors: ['VersionConflict'],
    says: retryLater,
    inject: async ({ operation }) => versionConflict(operation),
  },
  {
    name: '401 with stale nonce',
    appliesTo: byDigest,
    kind: 'transient',
    errors: unavailable,
    says: retryLater,
    inject: async (_call, _next, { world }) => world.atlas.auth.staleNonce().answer,
  },
  {
    name: '401, wrong credentials',
    appliesTo: ofAtlasApi,
    kind: 'needs a person',
    errors: refused,
    says: /Check the keys in the Atlas credentials secret/,
    inject: async (_call, _next, { world }) => world.atlas.auth.unknownCaller().answer,
  },
  {
    name: '403, not on the access list',
    appliesTo: ofAtlasApi,
    kind: 'needs a person',
    errors: refused,
    says: /to the access list of the API key/,
    inject: async () => failedAnswer('atlas', 'denied'),
  },
  {
    name: 'access denied by IAM',
    appliesTo: ofAws,
    kind: 'needs a person',
    errors: refused,
    says: /to the function's role|must let this account's roles read it/,
    inject: async ({ service }) => failedAnswer(service, 'denied'),
  },
  {
    name: 'the table is missing',
    appliesTo: ofTable,
    kind: 'needs a person',
    errors: unusable,
    says: registryUnusable,
    inject: async () => tableAnswers.missing(),
  },
  {
    name: 'the key of the table is disabled',
    appliesTo: ofTable,
    kind: 'needs a person',
    errors: unusable,
    says: registryUnusable,
    inject: async () => tableAnswers.keyDisabled(),
  },
  ...(['crash', 'time-out', 'stop execution'] as const).flatMap((end) => endings(end)),
];

/** The function ends, or a person stops its execution, right before or right after a write. */
function endings(end: FunctionEnd | 'stop execution'): Fault[] {
  const what = {
    crash: 'function crashes',
    'time-out': 'Lambda ends the function',
    'stop execution': 'run is stopped',
  };
  const stops = end === 'stop execution';
  const shared = {
    kind: stops ? ('ends the run' as const) : ('transient' as const),
    // The sweep is not part of an execution.
    appliesTo: ({ isWrite, service }: RemoteCall) => isWrite && !(stops && service === 'states'),
    errors: ended,
    says: readTheLog,
  };
  return [
    { ...shared, name: `${what[end]} before a write`, inject: async () => end },
    {
      ...shared,
      name: `${what[end]} after a write`,
      inject: async (_, next) => {
        await next();
        return end;
      },
    },
  ];
}
