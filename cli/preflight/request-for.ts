import type { Settings } from '../../packaging/settings.ts';
import { parseClusterArn } from '../../shared/msk/arn.ts';
import { settingTags } from '../../shared/msk/tags.ts';
import type { Findings } from '../../shared/prerequisites/findings.ts';
import { roleOfStack, type StreamsRole } from '../../shared/prerequisites/streams-role.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import { fields } from '../../shared/request/fields.ts';
import type { Request } from '../../shared/request/request.ts';
import { Environment } from '../../shared/request/settings.ts';
import { settle } from '../../shared/request/settle.ts';
import type { Context } from './context.ts';

/** The settings of a run. A mistake in them is a finding; then the rest is checked without the cluster's tags. */
export async function requestFor(
  clusterArn: string,
  tags: Record<string, string>,
  recorded: RegistryRecord | undefined,
  { settings, options }: Context,
  findings: Findings,
): Promise<Request> {
  const { clusterName = '', region = '' } = parseClusterArn(clusterArn) ?? {};
  const { connectionName, secretArn, secretName, mechanism, topics } = options;
  const typed = secretName === undefined ? {} : { [settingTags.secretName]: secretName };
  const asked = {
    action: 'connect' as const,
    given: {
      clusterArn,
      dryRun: true,
      ...(connectionName !== undefined && { connectionName }),
      ...(secretArn !== undefined && { secretArn }),
      ...(mechanism !== undefined && { mechanism }),
      ...(topics !== undefined && { topics }),
    },
    tags: { ...tags, ...typed },
    recorded,
    wantedBy: 'console' as const,
    clusterName,
  };
  // Without a stage and options, the deployment of this person is the one that allows what the tags name.
  const named = (field: 'projectId' | 'workspace') => {
    const { data = '' } = fields[field].safeParse(tags[settingTags[field]]);
    return data;
  };
  const deployment = Environment.parse({
    ATLAS_PROJECT_ID: settings.atlasProjectId ?? named('projectId'),
    ATLAS_WORKSPACE: settings.atlasWorkspace ?? named('workspace'),
    AWS_REGION: region,
    ALLOWED_TARGETS: settings.allowedTargets,
    MECHANISM: settings.mechanism,
    RESTART_PROCESSORS: settings.restartProcessors,
    PROBE: settings.probe,
    REBOOT_WINDOW: settings.rebootWindow,
    PAUSED: settings.paused,
    DISCONNECT_ON_UNTAG: settings.disconnectOnUntag,
  });
  const request = await findings.look('settings', async () => settle(asked, deployment));
  findings.report('settings');
  if (request) return request;
  const given = { ...asked.given, mechanism: mechanism ?? ('auto' as const) };
  return settle({ ...asked, given, tags: typed, recorded: undefined }, deployment);
}

/** The streams role of a deployment with these settings. */
export function streamsRoleOf(settings: Settings, clusterArn: string): StreamsRole | undefined {
  const trustedArn = settings.streamsRoleTrustedArn || null;
  const arn = settings.streamsRoleArn || (trustedArn && roleOfStack(clusterArn));
  if (!arn) return undefined;
  const externalIds = (settings.streamsRoleExternalIds ?? '').split(',').filter(Boolean);
  return { arn, trustedArn, externalIds, requiresTag: settings.streamsRoleRequiresTag === 'true' };
}
