/**
 * Lets the AWS SDK of this process use the credentials that Serverless would use: those of `--aws-profile`, then those that are set for the
 * stage, then AWS_PROFILE, the keys of the environment, and AWS_DEFAULT_PROFILE. The SDK alone knows neither the option, nor those of the
 * stage, nor AWS_DEFAULT_PROFILE, so it could read the registry of another account. Source: lib/aws/credentials.js of osls.
 *
 * @param env of this process, and of Serverless, which then finds the same account
 */
export function useCredentialsOfServerless(stage: string, profile: string | undefined, env: NodeJS.ProcessEnv): void {
  const ofStage = `AWS_${stage.toUpperCase()}`;
  const chosen = profile ?? env[`${ofStage}_PROFILE`];
  if (chosen) {
    env.AWS_PROFILE = chosen;
    return;
  }
  const [accessKeyId, secretAccessKey] = [env[`${ofStage}_ACCESS_KEY_ID`], env[`${ofStage}_SECRET_ACCESS_KEY`]];
  if (accessKeyId && secretAccessKey) {
    delete env.AWS_PROFILE;
    delete env.AWS_SESSION_TOKEN;
    const sessionToken = env[`${ofStage}_SESSION_TOKEN`];
    env.AWS_ACCESS_KEY_ID = accessKeyId;
    env.AWS_SECRET_ACCESS_KEY = secretAccessKey;
    if (sessionToken) env.AWS_SESSION_TOKEN = sessionToken;
    return;
  }
  const hasKeys = env.AWS_ACCESS_KEY_ID && env.AWS_SECRET_ACCESS_KEY;
  if (!env.AWS_PROFILE && !hasKeys && env.AWS_DEFAULT_PROFILE) env.AWS_PROFILE = env.AWS_DEFAULT_PROFILE;
}
