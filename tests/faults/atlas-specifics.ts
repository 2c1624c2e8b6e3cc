import { atlasError } from '../../emulators/atlas/error.ts';
import type { Cloud } from '../../emulators/cloud.ts';
import type { Answer, Intercept } from '../../emulators/emulator.ts';
import type { WorldSeed } from '../../emulators/world.ts';
import { faultAt } from '../scenarios/local-cloud.ts';
import { foreign, seedWith } from './foreign.ts';

/** What only Atlas does, and how a run that connects for the first time ends with it. */
export interface Specific {
  what: string;
  world?: WorldSeed;
  prepare?(cloud: Cloud): void;
  intercept?(cloud: Cloud): Intercept;
  endsIn: 'Connected' | [error: string, says: RegExp];
}

const forGood = Number.POSITIVE_INFINITY;
const isOn = seedWith({ cluster: { vpcConnectivity: { scram: true, iam: true, tls: false } } });

/** The service's answer with another state in it. */
const inState =
  (state: string | undefined): Parameters<typeof faultAt>[1] =>
  async (_, next) => {
    const answer: Answer = await next();
    return { ...answer, body: JSON.stringify({ ...JSON.parse(answer.body), state }) };
  };

const notFound = () => atlasError(404, 'STREAM_CONNECTION_NOT_FOUND_FOR_NAME', 'Connection orders not found.').answer;
const exists = () =>
  atlasError(400, 'STREAM_PRIVATE_LINK_ALREADY_EXISTS', 'A private link to this cluster already exists.').answer;
const readsLink = 'getGroupStreamPrivateLinkConnection';

/** Only what CheckConnection reads: the two states before it look for the connection, too. */
const faultAtCheck =
  (fault: Parameters<typeof faultAt>[1], times: number) =>
  (cloud: Cloud): Intercept => {
    const check = faultAt('getGroupStreamConnection', fault, times);
    return (call, next) =>
      cloud.recorder.of('atlas', 'createGroupStreamConnection').length > 0 ? check(call, next) : next();
  };

export const specifics: Specific[] = [
  {
    what: 'a link that somebody else has requested a moment before (ALREADY_EXISTS)',
    intercept: ({ world: { project, cluster } }) =>
      faultAt('createGroupStreamPrivateLinkConnection', (_, next) => {
        project.createLink({ provider: 'AWS', vendor: 'MSK', arn: cluster.arn });
        return next();
      }),
    endsIn: 'Connected',
  },
  {
    what: 'ALREADY_EXISTS three times, while no live link is listed',
    intercept: () => faultAt('createGroupStreamPrivateLinkConnection', exists, 3),
    endsIn: 'Connected',
  },
  {
    what: 'ALREADY_EXISTS for good, while no live link is listed',
    intercept: () => faultAt('createGroupStreamPrivateLinkConnection', exists, forGood),
    endsIn: ['AtlasUnavailable', /still deleting the previous private link.*start again/s],
  },
  {
    what: 'a link that never leaves IDLE',
    intercept: () => faultAt(readsLink, inState('IDLE'), forGood),
    endsIn: ['WaitTimedOut', /is still IDLE.*start again/s],
  },
  {
    what: 'a link that is FAILED, with a message',
    world: seedWith({ atlas: { linkFails: 'No zone in common.' } }),
    endsIn: ['PrivateLinkFailed', /No zone in common\..*start again/s],
  },
  {
    what: 'a link in a state that nobody knows, for a while',
    intercept: () => faultAt(readsLink, inState('REBALANCING'), 3),
    endsIn: 'Connected',
  },
  {
    what: 'a link in a state that nobody knows, for good',
    intercept: () => faultAt(readsLink, inState('REBALANCING'), forGood),
    endsIn: ['WaitTimedOut', /is still REBALANCING/],
  },
  {
    what: 'a link without a state, for a while',
    intercept: () => faultAt(readsLink, inState(undefined), 3),
    endsIn: 'Connected',
  },
  {
    what: 'a connection that goes FAILED',
    world: { ...isOn, atlas: { ...isOn.atlas, connectionFails: true } },
    endsIn: ['ConnectionFailed', /FAILED, without a reason.*ACLs.*start again/s],
  },
  {
    what: 'a connection that is not found right after it was created',
    intercept: faultAtCheck(notFound, 3),
    endsIn: 'Connected',
  },
  {
    what: 'a connection that is never found, though it was created',
    intercept: faultAtCheck(notFound, forGood),
    // CreateConnection does not find it either, and Atlas says that it exists.
    endsIn: ['AtlasUnavailable', /exists, and does not show it yet/],
  },
  {
    what: 'a connection that a simultaneous writer of the workspace overwrites, three times',
    intercept: ({ world: { project } }) => {
      const restore = project.saveConnections('streams');
      return faultAt(
        'createGroupStreamConnection',
        async (_, next) => {
          const answer = await next();
          restore();
          return answer;
        },
        3,
      );
    },
    endsIn: 'Connected',
  },
  {
    what: 'a connection in a state that nobody knows, for a while',
    intercept: faultAtCheck(inState('WARMING'), 3),
    endsIn: 'Connected',
  },
  {
    what: 'a connection in a state that nobody knows, for good',
    intercept: faultAtCheck(inState('WARMING'), forGood),
    endsIn: ['WaitTimedOut', /is still WARMING/],
  },
  {
    what: 'a list of several pages, with dying links to this cluster in it, and the live one on the last',
    prepare: ({ world: { project, cluster } }) => {
      for (let count = 0; count < 1100; count++) {
        const arn = count % 100 === 0 ? cluster.arn : foreign.clusterArn.replace('payroll', `payroll-${count}`);
        const link = project.createLink({ provider: 'AWS', vendor: 'MSK', arn });
        if (arn === cluster.arn) project.deleteLink(link.id);
      }
      project.createLink({ provider: 'AWS', vendor: 'MSK', arn: cluster.arn });
    },
    // Atlas would refuse a second one, which would be found again: it must not even be asked for.
    intercept: () =>
      faultAt('createGroupStreamPrivateLinkConnection', () => {
        throw new Error('The live link was not seen.');
      }),
    endsIn: 'Connected',
  },
];
