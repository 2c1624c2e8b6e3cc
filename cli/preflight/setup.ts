import { howToMakeStageFile } from '../../packaging/check-settings.ts';
import type { Settings } from '../../packaging/settings.ts';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import type { AskableAtlas } from '../atlas-access.ts';
import { NoAccess, UsageError } from '../exit.ts';
import { settingsOfStage } from '../settings.ts';
import type { Arguments } from './arguments.ts';

/**
 * The settings of the deployment: those of the stage, else the defaults. An option counts as if it stood in the stage's file.
 *
 * @throws UsageError if there is no such stage, or a setting is wrong
 */
export function settingsOf({ stage, project, workspace, streamsRole }: Arguments, env: NodeJS.ProcessEnv): Settings {
  const given = {
    ...(project !== undefined && { atlasProjectId: project }),
    ...(workspace !== undefined && { atlasWorkspace: workspace }),
    ...(streamsRole !== undefined && { streamsRoleArn: streamsRole }),
  };
  const { settings, hasFile } = settingsOfStage(stage, given, env);
  // Without a file, the options must give what has no default.
  if (stage !== undefined && !hasFile && !(project && workspace))
    throw new UsageError(howToMakeStageFile(stage).trim());
  return settings;
}

/** Atlas that cannot be asked: each call says why. @param why one or more sentences */
export const refusing = (why: string): AskableAtlas => ({
  client: new Proxy({} as AtlasClient, { get: () => () => Promise.reject(new NoAccess(why)) }),
  source: 'nothing',
});
