import { personsAccessKeyId } from '../../emulators/deployment/iam.ts';
import { defaultPlace, settingsOf } from '../../emulators/world.ts';
import { defaultSpeed } from '../../local/arguments.ts';
import { idleSpeed } from '../../local/keep.ts';
import { endLine, formatKept, type Kept, startLine } from '../../local/kept.ts';
import { scenarios } from '../../local/scenarios.ts';
import { parameters } from '../../packaging/settings.ts';

const { region, accountId, clusterArn } = {
  ...defaultPlace(),
  clusterArn: 'arn:aws:kafka:us-east-1:123456789012:cluster/orders/dbc84c40-0d0c-4f91-aad5-57be1df99ca9-5',
};
const machineArn = `arn:aws:states:${region}:${accountId}:stateMachine:msk-atlas-privatelink-local`;
const { name = '', description = '' } = scenarios[0] ?? {};
const { atlasProjectId: projectId, atlasWorkspace: workspace } = settingsOf(defaultPlace());

/** What `npm start -- --keep` knows, with example addresses and keys. */
const kept: Kept = {
  scenario: { name, description },
  stage: 'local',
  clusterArn,
  projectId,
  workspace,
  streamsRole: null,
  stateMachines: { connect: `${machineArn}-connect`, disconnect: `${machineArn}-disconnect` },
  endpoints: {},
  environment: {
    AWS_ENDPOINT_URL_KAFKA: 'http://127.0.0.1:40101',
    AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://127.0.0.1:40102',
    AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:40103',
    AWS_ENDPOINT_URL_SFN: 'http://127.0.0.1:40104',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: personsAccessKeyId,
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_PAGER: '',
    MONGODB_ATLAS_PUBLIC_KEY: 'kqzxbvjw',
    MONGODB_ATLAS_PRIVATE_KEY: '500c1a2d-32aa-4156-9bc7-70c38ede4700',
    MONGODB_ATLAS_BASE_URL: 'http://127.0.0.1:40105',
  },
  speed: defaultSpeed,
  idleSpeed,
  sweepEverySeconds: 900,
  sweepSchedule: String(parameters.sweepSchedule?.Default),
};

const startDate = new Date('2026-11-28T04:23:39Z');
const executionName = '8736bd30-eec4-4541-94c0-5baf2ef102b4';
const execution = {
  arn: `${kept.stateMachines.connect.replace(':stateMachine:', ':execution:')}:${executionName}`,
  name: executionName,
  input: { clusterArn },
  startDate,
  ended: { status: 'SUCCEEDED' as const, at: new Date('2026-11-28T06:01:58Z') },
};

/**
 * What `npm start -- --keep` prints, and then a run that the first command starts. Ports and keys are examples; a test compares the rest
 * with the output of a cloud that is kept up.
 */
export const keptOutput = (): string[] => [
  ...formatKept(kept),
  startLine(execution, startDate),
  endLine(execution, { status: 'SUCCEEDED', endState: 'Connected' }),
];
