import { complaintAboutStageName, complaintsAbout, howToMakeStageFile } from '../../packaging/check-settings.ts';
import {
  defaultSettings,
  filesOfSettings,
  readSettings,
  readStageFile,
  type Settings,
  WrongSettings,
} from '../../packaging/settings.ts';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import type { AtlasFetch } from '../../shared/atlas/http.ts';
import type { AwsClient } from '../aws-access.ts';
import { NoAccess, UsageError } from '../exit.ts';
import type { Arguments } from './arguments.ts';

/** Sees every request and its answer, to record them. */
export interface Observer {
  aws(client: AwsClient): void;
  atlas(fetch: AtlasFetch): AtlasFetch;
}

/** Atlas, and where the credentials are from, for messages. */
export interface AskableAtlas {
  client: AtlasClient;
  source: string;
}

/**
 * The settings of the deployment: those of the stage, else the defaults. An option counts as if it stood in the stage's file.
 *
 * @throws UsageError if there is no such stage, or a setting is wrong
 */
export function settingsOf({ stage, project, workspace }: Arguments, env: NodeJS.ProcessEnv): Settings {
  const typed = {
    ...(project !== undefined && { atlasProjectId: project }),
    ...(workspace !== undefined && { atlasWorkspace: workspace }),
    ...(env.MONGODB_ATLAS_BASE_URL && { atlasBaseUrl: env.MONGODB_ATLAS_BASE_URL }),
  };
  const wrongName = stage === undefined ? undefined : complaintAboutStageName(stage);
  if (wrongName) throw new UsageError(wrongName);
  try {
    // Without a file, a stage has the defaults: then the options must give what has no default.
    if (stage !== undefined && !(project && workspace) && !readStageFile(stage))
      throw new UsageError(howToMakeStageFile(stage).trim());
    const settings = stage === undefined ? { ...defaultSettings('none'), ...typed } : readSettings(stage, typed);
    const complaints = complaintsAbout(settings, undefined, stage === undefined ? {} : filesOfSettings(stage, typed));
    const named = complaints.map((it) => it.replace(/^atlasBaseUrl (?=is )/, 'MONGODB_ATLAS_BASE_URL '));
    if (complaints.length > 0) throw new UsageError(named.join('\n'));
    return { ...settings, atlasBaseUrl: settings.atlasBaseUrl?.replace(/\/$/, '') ?? '' };
  } catch (error) {
    throw error instanceof WrongSettings ? new UsageError(error.message) : error;
  }
}

/** Atlas that cannot be asked: each call says why. @param why one or more sentences */
export const refusing = (why: string): AskableAtlas => ({
  client: new Proxy({} as AtlasClient, { get: () => () => Promise.reject(new NoAccess(why)) }),
  source: 'nothing',
});
