import type * as z from 'zod/mini';
import { Cloud } from '../emulators/cloud.ts';
import { accessKeyIdOf, personsAccessKeyId } from '../emulators/deployment/iam.ts';
import type { Answer } from '../emulators/emulator.ts';
import { lambdaEnvironment } from '../emulators/lambda/environment.ts';
import type { AssociateScramSecretInput } from '../functions/associate-scram-secret/associate-scram-secret.ts';
import type { CheckProbeInput } from '../functions/check-probe/check-probe.ts';
import type { DeleteConnectionInput } from '../functions/delete-connection/delete-connection.ts';
import type { DeletePrivateLinkInput } from '../functions/delete-private-link/delete-private-link.ts';
import type { EnablePrivateConnectivityInput } from '../functions/enable-private-connectivity/enable-private-connectivity.ts';
import type { EndProbeInput } from '../functions/end-probe/end-probe.ts';
import type { NotifyOutcomeInput } from '../functions/notify-outcome/notify-outcome.ts';
import type { PlanRemovalInput } from '../functions/plan-removal/plan-removal.ts';
import type { RecordFailureInput } from '../functions/record-failure/record-failure.ts';
import type { RecordRemovalInput } from '../functions/record-removal/record-removal.ts';
import type { RecordSuccessInput } from '../functions/record-success/record-success.ts';
import type { RemoveClusterPolicyInput } from '../functions/remove-cluster-policy/remove-cluster-policy.ts';
import type { StartProbeInput } from '../functions/start-probe/start-probe.ts';
import type { StartProcessorsInput } from '../functions/start-processors/start-processors.ts';
import type { StopProcessorsInput } from '../functions/stop-processors/stop-processors.ts';
import type { SweepClustersInput } from '../functions/sweep-clusters/sweep-clusters.ts';
import type { Request } from '../shared/request/request.ts';
import { type Baseline, functionBundle, type Requests } from './bundles.ts';
import type { Program } from './runtime/sandbox.ts';

/** An hour takes a second while the cluster is connected. */
const speed = 3600;

/** A function with the environment that it deploys with, and an event that is safe to repeat. */
export interface Subject {
  /** As in the state machine. */
  name: string;
  /** In functions/; also the bundle's name in dist/. */
  folder: string;
  program: Program;
  event: unknown;
}

/** A cloud in which everything is connected and nothing changes, so that the same event always has the same answer. */
export class SteadyWorld {
  readonly subjects: Subject[];
  /** The environment of the baselines, with all permissions, and their event. */
  readonly #bare: { program: Program; event: object };
  readonly #cloud: Cloud;

  static async start(): Promise<SteadyWorld> {
    const cloud = await Cloud.start({
      speed,
      world: {
        cluster: { vpcConnectivity: { scram: true, iam: false, tls: false } },
        atlas: { linkMinutes: 3, connectionMinutes: 3 },
      },
    });
    const events = new Map<string, unknown>();
    cloud.interceptInvocation = ({ name, payload }, next) => {
      events.set(name, payload);
      return next();
    };
    const [first] = await cloud.tag({ 'atlas-streaming': 'connect' });
    await first?.result;
    // The second run finds everything done.
    const second = await cloud.start({ clusterArn: cloud.world.cluster.arn }).result;
    if (second.status !== 'SUCCEEDED') throw new Error(`The cluster could not be connected: ${second.cause}`);
    await cloud.lambda.close();
    return new SteadyWorld(cloud, events);
  }

  private constructor(cloud: Cloud, events: Map<string, unknown>) {
    this.#cloud = cloud;
    const all = new Map([...events, ...this.#furtherEvents(events)]);
    this.subjects = cloud.deployment.functions.map((it) => {
      if (!all.has(it.name)) throw new Error(`The benchmark has no event for ${it.name}.`);
      const folder = it.name.replaceAll(/\B[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
      const environment = lambdaEnvironment(it, cloud.endpoints);
      const program = { bundle: functionBundle(folder), arn: it.arn, environment };
      return { name: it.name, folder, program, event: all.get(it.name) };
    });
    const { connection } = (events.get('RecordSuccess') as SuccessEvent).run;
    // ResolveRequest claims the cluster itself.
    const holders = new Map(
      this.subjects
        .filter(({ name }) => name !== 'ResolveRequest')
        .map(({ name, event }) => [accessKeyIdOf({ name }), (event as { executionArn?: string }).executionArn]),
    );
    cloud.intercept = async ({ operation, caller = '' }, next) => {
      if (/^(Unt|T)agResource$/.test(operation)) return { status: 204, body: '' };
      return operation === 'UpdateItem'
        ? this.#withRecord({ ...proofOf(connection), holder: holders.get(caller) }, next)
        : next();
    };
    const { arn, environment } = (this.subjects.find(({ name }) => name === 'NotifyOutcome') as Subject).program;
    this.#bare = {
      program: { bundle: '', arn, environment: { ...environment, AWS_ACCESS_KEY_ID: personsAccessKeyId } },
      event: {
        clusterArn: cloud.world.cluster.arn,
        secretArn: cloud.world.scramSecrets[0]?.arn,
        executionArn: cloud.executions[0]?.arn,
        topicArn: environment.NOTIFICATION_TOPIC_ARN,
        tableName: cloud.registry.name,
        atlasUrl: `${cloud.listeners.atlas.url}/api/atlas/v2/groups/${cloud.world.project.id}/streams`,
      },
    };
  }

  /**
   * The runs have ended, and no longer hold the cluster. So each UpdateItem finds a record with these changes, and the record is as before
   * afterwards. Only for one UpdateItem at a time.
   */
  async #withRecord(changes: object, next: () => Promise<Answer>): Promise<Answer> {
    const { registry, world } = this.#cloud;
    const record = await registry.get(world.cluster.arn);
    if (!record) throw new Error('The cluster has no record.');
    await registry.put({ ...record, ...changes });
    try {
      return await next();
    } finally {
      await registry.put(record);
    }
  }

  /** Baselines, ready to run. @param bundles the path of each baseline's bundle */
  bare(bundles: Map<Baseline, string>): { name: Baseline; program: Program; event: object }[] {
    const { program, event } = this.#bare;
    return [...bundles].map(([name, bundle]) => ({ name, program: { ...program, bundle }, event }));
  }

  /** Counts the requests that reach the emulators during `run`. */
  async requestsDuring(run: () => Promise<unknown>): Promise<Requests> {
    const { exchanges } = this.#cloud.recorder;
    const before = exchanges.length;
    await run();
    const requests: Requests = {};
    for (const { service } of exchanges.slice(before)) requests[service] = (requests[service] ?? 0) + 1;
    return requests;
  }

  /** Events of the functions that a run of a connected cluster does not visit. With these events, they find nothing to do. */
  #furtherEvents(events: Map<string, unknown>): [string, unknown][] {
    const success = events.get('RecordSuccess') as SuccessEvent;
    const { executions, world } = this.#cloud;
    const further = furtherEvents(success, {
      secretArn: world.scramSecrets[0]?.arn ?? '',
      // The first run created the connection, so its outcome is published.
      changedExecutionArn: executions[0]?.arn ?? '',
    });
    return Object.entries(further);
  }

  close(): Promise<void> {
    return this.#cloud.close();
  }
}

/** RecordSuccess gets everything that the run knows, although it reads only a part of it. */
type SuccessEvent = z.infer<typeof RecordSuccessInput> & {
  run: { request: Request } & Pick<
    z.infer<typeof StartProbeInput>['run'],
    'plan' | 'connection' | 'cluster' | 'principal'
  >;
};

const topic = 'orders';

/** With it, StartProbe needs no probe. */
const proofOf = ({ id, secretVersionId }: SuccessEvent['run']['connection']) => ({
  proof: {
    topic,
    connectionId: id,
    secretVersionId: secretVersionId || null,
    at: new Date().toISOString(),
    result: 'read',
    detail: 'It can be read.',
  },
});

/** Typed, so that the compiler finds an event that no longer fits its function. */
interface FurtherEvents {
  EnablePrivateConnectivity: z.infer<typeof EnablePrivateConnectivityInput>;
  AssociateScramSecret: z.infer<typeof AssociateScramSecretInput>;
  RecordFailure: z.infer<typeof RecordFailureInput>;
  PlanRemoval: z.infer<typeof PlanRemovalInput>;
  DeleteConnection: z.infer<typeof DeleteConnectionInput>;
  DeletePrivateLink: z.infer<typeof DeletePrivateLinkInput>;
  RemoveClusterPolicy: z.infer<typeof RemoveClusterPolicyInput>;
  RecordRemoval: z.infer<typeof RecordRemovalInput>;
  NotifyOutcome: z.infer<typeof NotifyOutcomeInput>;
  SweepClusters: z.infer<typeof SweepClustersInput>;
  StopProcessors: z.infer<typeof StopProcessorsInput>;
  StartProcessors: z.infer<typeof StartProcessorsInput>;
  StartProbe: z.infer<typeof StartProbeInput>;
  CheckProbe: z.infer<typeof CheckProbeInput>;
  EndProbe: z.infer<typeof EndProbeInput>;
}

function furtherEvents(
  { run, executionArn, now }: SuccessEvent,
  { secretArn, changedExecutionArn }: { secretArn: string; changedExecutionArn: string },
): FurtherEvents {
  const { request, connection, privateLink, policy } = run;
  const plan = { login: { mechanism: 'SCRAM-512', secretArn } } as const;
  const absentCluster = { ...request, clusterArn: request.clusterArn.replace('orders', 'absent') };
  const failure = { Error: 'ConnectionFailed', Cause: JSON.stringify({ errorMessage: 'Atlas gives no reason.' }) };
  const probed = { ...run, request: { ...request, topics: [topic] } };
  const isNot = { isDone: false, isEnded: false, isSkipped: false };
  const probe = { ...isNot, topic, tier: 'SP2', startedAt: now, deadline: now, pollSeconds: 30 } as const;
  return {
    EnablePrivateConnectivity: { run: { startedAt: run.startedAt, request, plan }, executionArn, now },
    AssociateScramSecret: { run: { request, plan }, executionArn },
    RecordFailure: {
      run: { input: { clusterArn: request.clusterArn }, failed: { CheckConnection: failure } },
      executionArn,
      now,
    },
    PlanRemoval: { run: { request } },
    DeleteConnection: { run: { request: { ...request, connectionName: 'absent' } }, executionArn, now },
    DeletePrivateLink: { run: { request: absentCluster, connection: { deadline: now } }, executionArn, now },
    RemoveClusterPolicy: {
      run: { request, privateLink: { ...privateLink, isClusterLinked: true } },
      executionArn,
      now,
    },
    RecordRemoval: { run: { request, connection, privateLink, policy }, executionArn, now },
    NotifyOutcome: { detail: { executionArn: changedExecutionArn, status: 'SUCCEEDED' } },
    SweepClusters: { now },
    StopProcessors: { run: { request }, executionArn, now },
    StartProcessors: { run: { request }, executionArn, now },
    // A run that the sweep has started needs no probe, because the record has a proof.
    StartProbe: { run: probed, executionArn: executionArn.replace(/[^:]*$/, 'sweep-connect-1'), now },
    // The probe does not exist.
    CheckProbe: { run: { ...probed, probe }, now },
    EndProbe: { run: { request }, executionArn, now },
  };
}
