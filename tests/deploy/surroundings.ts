import { randomUUID } from 'node:crypto';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateSecretCommand,
  type CreateSecretCommandInput,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { AtlasEmulator } from '../../emulators/atlas/atlas.ts';
import type { Project } from '../../emulators/atlas/project.ts';
import { Clock } from '../../emulators/clock.ts';
import { listen, type Service } from '../../emulators/emulator.ts';
import { type TagChange, tagChangeEvent } from '../../emulators/event-bridge.ts';
import { externalId } from '../../emulators/iam-world.ts';
import { MskEmulator } from '../../emulators/msk/msk.ts';
import { Recorder } from '../../emulators/recorder.ts';
import { accountId, type ClientConfig, region } from './account.ts';

/** How much faster than real time MSK and Atlas are. Step Functions waits in real time. */
const speed = 20;

/** The role that the deployment creates with `iamSettings`. A person has authorized it in the project of Atlas. */
export const streamsRoleName = `msk-atlas-privatelink-streams-${region}`;
const streamsRoleArn = `arn:aws:iam::${accountId}:role/${streamsRoleName}`;

/** What comes from elsewhere than the emulated AWS: MSK, which it lacks, and Atlas. Both are empty at first. */
export async function startSurroundings() {
  const clock = new Clock({ speed, functionSpeed: speed });
  const recorder = new Recorder();
  const apiKey = { publicKey: 'kqzxbvjw', privateKey: randomUUID() };
  const changes: TagChange[] = [];
  const msk = new MskEmulator({ clock, onTagChange: (change) => changes.push(change) });
  const projectId = '64b7e1c2d3f4a5968778695a';
  const atlas = new AtlasEmulator({
    clock,
    apiKeys: [apiKey],
    projects: [
      {
        id: projectId,
        awsAccountId: '821274765805',
        workspaces: [{ name: 'streams' }],
        awsRoles: [{ externalId, roleArn: streamsRoleArn, authorized: true }],
      },
    ],
    // Long enough for a wait of the machine: 12 seconds.
    behaviour: { linkMinutes: 4, connectionMinutes: 4, mayConnect: (...question) => msk.mayConnect(...question) },
  });
  const serve = (service: Service) => listen(service, { clock, recorder });
  const [kafka, admin] = await Promise.all([serve(msk), serve(atlas)]);
  return {
    msk,
    project: atlas.projects.get(projectId) as Project,
    recorder,
    apiKey,
    kafkaUrl: kafka.url,
    atlasUrl: admin.url,
    /** Changes of tags, oldest first, that nobody has made events of yet. */
    changes,
    close: () => Promise.all([kafka.close(), admin.close()]),
  };
}

export type Surroundings = Awaited<ReturnType<typeof startSurroundings>>;

/** Puts the two secrets into Secrets Manager that a person brings along. @returns their ARNs */
export async function createSecrets({ apiKey }: Surroundings, config: ClientConfig) {
  const secretsManager = new SecretsManagerClient(config);
  const create = async (Name: string, value: object, options: Partial<CreateSecretCommandInput> = {}) => {
    const { ARN = '' } = await secretsManager.send(
      new CreateSecretCommand({ Name, SecretString: JSON.stringify(value), ...options }),
    );
    return ARN;
  };
  // MSK refuses the default key, and a run reads only a secret whose tag allows it.
  const scram = { KmsKeyId: randomUUID(), Tags: [{ Key: 'atlas-streaming', Value: 'allow' }] };
  return {
    credentialsArn: await create('atlas-streaming-credentials', apiKey),
    scramArn: await create('AmazonMSK_orders', { username: 'atlas', password: randomUUID() }, scram),
  };
}

/** Does what AWS does of its own accord: puts an event on the default bus for each change of tags. */
export async function emitTagEvents({ changes }: Surroundings, config: ClientConfig): Promise<void> {
  const events = new EventBridgeClient(config);
  for (const change of changes.splice(0)) {
    const { source, resources, detail, time, ...event } = tagChangeEvent(change);
    const entry = {
      Source: source,
      DetailType: event['detail-type'],
      Resources: resources,
      Detail: JSON.stringify(detail),
      Time: new Date(time),
    };
    const { Entries } = await events.send(new PutEventsCommand({ Entries: [entry] }));
    const refused = Entries?.find(({ ErrorCode }) => ErrorCode);
    if (refused) throw new Error(`PutEvents: ${refused.ErrorCode}: ${refused.ErrorMessage}`);
  }
}
