import { complaintAboutStageName, complaintsAbout } from '../packaging/check-settings.ts';
import {
  defaultSettings,
  filesOfSettings,
  readSettings,
  readStageFile,
  type Settings,
  WrongSettings,
} from '../packaging/settings.ts';
import { asUsage, UsageError } from './exit.ts';

/**
 * The settings of a stage, or the defaults without one. MONGODB_ATLAS_BASE_URL counts as if it stood in the stage's file.
 *
 * @param given settings that count more than those of the stage
 * @param folder of the project
 * @returns also whether the stage has a file; without one, it has the defaults
 * @throws UsageError if the stage or a setting is wrong
 */
export function settingsOfStage(
  stage: string | undefined,
  given: Settings,
  env: NodeJS.ProcessEnv,
  folder?: string,
): { settings: Settings; hasFile: boolean } {
  const wrongName = stage === undefined ? undefined : complaintAboutStageName(stage);
  if (wrongName) throw new UsageError(wrongName);
  const typed = { ...given, ...(env.MONGODB_ATLAS_BASE_URL && { atlasBaseUrl: env.MONGODB_ATLAS_BASE_URL }) };
  return asUsage(() => {
    const settings =
      stage === undefined ? { ...defaultSettings('none'), ...typed } : readSettings(stage, typed, folder);
    const files = stage === undefined ? {} : filesOfSettings(stage, typed, folder);
    const complaints = complaintsAbout(settings, undefined, files);
    if (complaints.length > 0)
      // Without a file in its sentence, the address is from the environment.
      throw new WrongSettings(complaints.map((it) => it.replace(/^atlasBaseUrl (?=is )/, 'MONGODB_ATLAS_BASE_URL ')));
    return {
      settings: { ...settings, atlasBaseUrl: settings.atlasBaseUrl?.replace(/\/$/, '') ?? '' },
      hasFile: stage !== undefined && readStageFile(stage, folder) !== undefined,
    };
  });
}
