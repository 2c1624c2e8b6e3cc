import { atlasError } from '../../emulators/atlas/error.ts';
import type { Cloud } from '../../emulators/cloud.ts';
import type { Answer, Intercept } from '../../emulators/emulator.ts';
import type { WorldSeed } from '../../emulators/world.ts';
import type { Ownership } from '../../shared/registry/record.ts';
import { faultAt } from '../scenarios/local-cloud.ts';
import { foreign, seedWith } from './foreign.ts';

/** A behaviour that only Atlas has, and how a run that connects for the first time ends with it. */
export interface Specific {
  name: string;
  world?: WorldSeed;
  prepare?(cloud: Cloud): void;
  intercept?(cloud: Cloud): Intercept;
  endsIn: 'Connected' | [error: string, says: RegExp];
  /** What the registry then says of the link and the connection. Default: created. */
  ownership?: { privateLink?: Ownership; connection?: Ownership };
}

const always = Number.POSITIVE_INFINITY;
const isOn = seedWith({ cluster: { vpcConnectivity: { scram: true, iam: true, tls: false } } });

/** Replaces the state in the service's answer. */
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

/** Another party's request is carried out right before ours. */
const theirsFirst: Parameters<typeof faultAt>[1] = async (_, next) => {
  await next();
  return next();
};

/** Another party's request is carried out right before ours, and Atlas fails when it is asked what exists now. */
const unseen =
  (creates: string, reads: string) =>
  (cloud: Cloud): Intercept => {
    const create = faultAt(creates, theirsFirst);
    const read = faultAt(reads, () => atlasError(500, 'UNEXPECTED_ERROR', 'Unexpected error.').answer);
    return (call, next) =>
      cloud.recorder.exchangesOf('atlas', creates).length > 0 ? read(call, next) : create(call, next);
  };

/** Applies a fault only to reads by CheckConnection: the states before CreateConnection read the connection as well. */
const faultAtCheck =
  (fault: Parameters<typeof faultAt>[1], times: number) =>
  (cloud: Cloud): Intercept => {
    const check = faultAt('getGroupStreamConnection', fault, times);
    return (call, next) =>
      cloud.recorder.exchangesOf('atlas', 'createGroupStreamConnection').length > 0 ? check(call, next) : next();
  };

export const specifics: Specific[] = [
  {
    name: 'a link that another party has just requested (ALREADY_EXISTS)',
    intercept: ({ world: { project, cluster } }) =>
      faultAt('createGroupStreamPrivateLinkConnection', (_, next) => {
        project.createLink({ provider: 'AWS', vendor: 'MSK', arn: cluster.arn });
        return next();
      }),
    endsIn: 'Connected',
    ownership: { privateLink: 'adopted' },
  },
  {
    name: 'a link that another party has just requested, and then no list of the links',
    intercept: unseen('createGroupStreamPrivateLinkConnection', 'listGroupStreamPrivateLinkConnections'),
    endsIn: 'Connected',
    ownership: { privateLink: 'adopted' },
  },
  {
    name: 'a connection that another party has just created, and then no connection',
    intercept: unseen('createGroupStreamConnection', 'getGroupStreamConnection'),
    endsIn: 'Connected',
    ownership: { connection: 'adopted' },
  },
  {
    name: 'ALREADY_EXISTS three times, while no live link is listed',
    intercept: () => faultAt('createGroupStreamPrivateLinkConnection', exists, 3),
    endsIn: 'Connected',
  },
  {
    name: 'ALREADY_EXISTS every time, while no live link is listed',
    intercept: () => faultAt('createGroupStreamPrivateLinkConnection', exists, always),
    endsIn: ['AtlasUnavailable', /still deleting the previous private link.*start a new execution/s],
  },
  {
    name: 'a link that never leaves IDLE',
    intercept: () => faultAt(readsLink, inState('IDLE'), always),
    endsIn: ['WaitTimedOut', /is still IDLE.*start a new execution/s],
  },
  {
    name: 'a link that is FAILED, with a message',
    world: seedWith({ atlas: { linkFails: 'No zone in common.' } }),
    endsIn: ['PrivateLinkFailed', /"No zone in common"\..*atlas-streaming=disconnect/s],
  },
  {
    name: 'a link in an unknown state, three times',
    intercept: () => faultAt(readsLink, inState('REBALANCING'), 3),
    endsIn: 'Connected',
  },
  {
    name: 'a link in an unknown state, every time',
    intercept: () => faultAt(readsLink, inState('REBALANCING'), always),
    endsIn: ['WaitTimedOut', /is still UNKNOWN/],
  },
  {
    name: 'a link without a state, three times',
    intercept: () => faultAt(readsLink, inState(undefined), 3),
    endsIn: 'Connected',
  },
  {
    name: 'a connection that becomes FAILED',
    world: { ...isOn, atlas: { ...isOn.atlas, connectionFails: true } },
    endsIn: ['ConnectionFailed', /FAILED, without a reason.*ACLs.*fails again/s],
  },
  {
    name: 'a new connection that is not found three times',
    intercept: faultAtCheck(notFound, 3),
    endsIn: 'Connected',
  },
  {
    name: 'a new connection that is never found',
    intercept: faultAtCheck(notFound, always),
    // CreateConnection does not find it either, but Atlas says that it exists.
    endsIn: ['AtlasUnavailable', /exists, but does not show it yet/],
  },
  {
    name: 'a connection that a simultaneous writer of the workspace overwrites, three times',
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
    name: 'a connection in an unknown state, three times',
    intercept: faultAtCheck(inState('WARMING'), 3),
    endsIn: 'Connected',
  },
  {
    name: 'a connection in an unknown state, every time',
    intercept: faultAtCheck(inState('WARMING'), always),
    endsIn: ['WaitTimedOut', /is still UNKNOWN/],
  },
  {
    name: 'a list of several pages, with deleted links to this cluster, and the live link on the last page',
    prepare: ({ world: { project, cluster } }) => {
      for (let count = 0; count < 1100; count++) {
        const arn = count % 100 === 0 ? cluster.arn : foreign.clusterArn.replace('payroll', `payroll-${count}`);
        const link = project.createLink({ provider: 'AWS', vendor: 'MSK', arn });
        if (arn === cluster.arn) project.deleteLink(link.id);
      }
      project.createLink({ provider: 'AWS', vendor: 'MSK', arn: cluster.arn });
    },
    // Without this fault, a second request would be refused, and the link would be found then.
    intercept: () =>
      faultAt('createGroupStreamPrivateLinkConnection', () => {
        throw new Error('The live link was not found.');
      }),
    endsIn: 'Connected',
    ownership: { privateLink: 'adopted' },
  },
];
