import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CloudFormationClient, type CloudFormationClientConfig } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { complaintAboutCredentials } from './aws-credentials.ts';
import { build } from './build.ts';
import {
  complaintAboutRegion,
  complaintAboutStage,
  complaintsAbout,
  complaintsAboutExamples,
  complaintsAboutMissing,
  howToMakeStageFile,
  refuse,
} from './check-settings.ts';
import { settingsThatDiffer } from './differences.ts';
import { deleteRetained, type Retained, retainedBy } from './retained.ts';
import {
  filesOfSettings,
  readParams,
  readSettings,
  readStageFile,
  requiredNames,
  type Settings,
  stageFile,
  WrongSettings,
} from './settings.ts';
import { complaintAboutDroppedRole } from './streams-role.ts';
import { readTags } from './tags.ts';
import { completeTemplate, type Template } from './template.ts';

/** The part of the Serverless Framework that is used here. */
interface Serverless {
  serviceDir: string;
  processedInput: { commands: string[]; isHelpRequest: boolean };
  service: {
    service: string;
    provider: { compiledCloudFormationTemplate: Template; coreCloudFormationTemplate: Template };
    resources: { Parameters: object };
  };
  getProvider(name: 'aws'): {
    getStage(): string;
    getRegion(): string;
    naming: { getStackName(): string };
    /** Region and credentials, as Serverless itself uses them. */
    getAwsSdkV3Config(): Promise<
      Pick<CloudFormationClientConfig, 'region'> & {
        credentials: () => Promise<{ accessKeyId: string; secretAccessKey: string }>;
      }
    >;
  };
  extendConfiguration(path: string[], value: unknown): void;
}

interface StackParameter {
  ParameterKey: string;
  ParameterValue: string;
}

/** What a stack is about to get. */
interface StackSettings {
  settings: Settings;
  tags: Record<string, string>;
}

/** Of the command line. */
interface Options {
  param?: string[];
  package?: string;
}

const list = new Intl.ListFormat('en-GB');

/**
 * Checks the settings, passes them to CloudFormation, builds the bundles before Serverless packages them, and deletes the empty table of
 * the registry and the streams role after Serverless has removed the stack.
 */
export default class PackagingPlugin {
  readonly hooks;
  readonly #serverless: Serverless;
  readonly #options: Options;
  /** What to know about the package that is made. */
  readonly #notices: string[] = [];
  /** What the removal of the stack retains. */
  #retained: Retained = { table: undefined, role: undefined };

  readonly #notice: (text: string) => void;

  constructor(serverless: Serverless, options: Options, { log }: { log: { notice(text: string): void } }) {
    this.#notice = (text) => log.notice(text);
    this.#serverless = serverless;
    this.#options = options;
    this.hooks = {
      'after:package:initialize': () => this.#declareParameters(),
      'before:package:createDeploymentArtifacts': build,
      'before:package:function:package': build,
      'after:aws:package:finalize:mergeCustomProviderResources': () => {
        const { service, provider } = serverless.service;
        completeTemplate(provider.compiledCloudFormationTemplate, `${service}-${this.#stage}-`);
      },
      'before:remove:remove': async () => {
        this.#retained = await retainedBy(this.#stackName, await this.#provider.getAwsSdkV3Config());
      },
      'after:remove:remove': async () => {
        const notices = await deleteRetained(this.#retained, await this.#provider.getAwsSdkV3Config());
        for (const notice of notices) log.notice(notice);
      },
      'after:package:finalize': () => {
        for (const notice of this.#notices) log.notice(notice);
      },
    };
  }

  /** Runs before all hooks; in the first one, Serverless asks AWS who is deploying. */
  async asyncInit(): Promise<void> {
    const { commands, isHelpRequest } = this.#serverless.processedInput;
    const command = commands.join(' ');
    if (isHelpRequest || !['package', 'deploy', 'deploy function', 'rollback', 'remove'].includes(command)) return;
    try {
      const next = this.#settingsFor(command);
      if (command === 'package') return;
      const config = await this.#provider.getAwsSdkV3Config();
      refuse([await complaintAboutCredentials(config.credentials)]);
      if (!next || !['deploy', 'rollback'].includes(command)) return;
      refuse([await this.#complaintAboutDroppedRole(next.settings)]);
      if (command === 'deploy') await this.#sayWhatDiffers(next);
    } catch (error) {
      if (!(error instanceof WrongSettings)) throw error;
      // Thrown, it would be printed below lines about the framework's version and documentation.
      console.error(error.message);
      process.exit(1);
    }
  }

  /** @returns those that the stack is about to get, if a stack is about to get any */
  #settingsFor(command: string): StackSettings | undefined {
    // For `serverless package`, the option of this name says where to write.
    if (command !== 'package' && this.#options.package) return this.#checkPackage(this.#options.package);
    return command === 'remove' ? undefined : this.#useSettings(command);
  }

  async #complaintAboutDroppedRole(settings: Settings): Promise<string | undefined> {
    const config = await this.#provider.getAwsSdkV3Config();
    const howToKeep = `Keep the role by these settings in ${this.#stageFile}${this.#options.package ? ', and package again' : ''}:`;
    return complaintAboutDroppedRole(settings, this.#stackName, howToKeep, {
      cloudFormation: new CloudFormationClient(config),
      dynamodb: new DynamoDBClient(config),
    });
  }

  async #sayWhatDiffers({ settings: { tags: _, ...parameters }, tags }: StackSettings): Promise<void> {
    const cloudFormation = new CloudFormationClient(await this.#provider.getAwsSdkV3Config());
    const lines = await settingsThatDiffer({ parameters, tags }, this.#stackName, cloudFormation);
    this.#notice(lines.join('\n'));
  }

  #useSettings(command: string): StackSettings {
    const exists = readStageFile(this.#stage, this.#serverless.serviceDir) !== undefined;
    if (command !== 'package' && !exists) throw new WrongSettings([howToMakeStageFile(this.#stage)]);
    const typed = readParams(this.#options.param ?? []);
    const settings = readSettings(this.#stage, typed, this.#serverless.serviceDir);
    const examples = exists ? [] : requiredNames.filter((name) => settings[name] === undefined);
    for (const name of examples) settings[name] = readStageFile('example')?.[name] ?? '';
    const ofStage = complaintAboutStage(this.#stage);
    const { prefix: _, ...allButPrefix } = settings;
    const region = examples.includes('atlasCredentialsSecretArn') ? undefined : this.#region;
    const files = filesOfSettings(this.#stage, typed, this.#serverless.serviceDir);
    const stillExamples = complaintsAboutExamples(settings, this.#stageFile);
    refuse([
      complaintAboutRegion(this.#region),
      ...(ofStage
        ? [ofStage, ...complaintsAbout(allButPrefix, region, files)]
        : complaintsAbout(settings, region, files)),
      ...(exists ? complaintsAboutMissing(settings, this.#stageFile) : []),
      ...(command !== 'package' ? stillExamples : []),
    ]);
    // The template does not contain the values, so a package for review needs none of your own. `npm run deploy -- --package` refuses it.
    if (examples.length > 0)
      this.#notices.push(`There is no ${this.#stageFile}, so the package has the example's ${list.format(examples)}.`);
    else if (stillExamples.length > 0)
      this.#notices.push('This package can be reviewed, but not deployed:', ...stillExamples);
    const { tags = '', ...others } = settings;
    const stackParameters = Object.entries(others).map(
      ([ParameterKey, ParameterValue]): StackParameter => ({ ParameterKey, ParameterValue }),
    );
    this.#serverless.extendConfiguration(['provider', 'stackParameters'], stackParameters);
    this.#serverless.extendConfiguration(['provider', 'stackTags'], readTags(tags));
    return { settings, tags: readTags(tags) };
  }

  /** `serverless deploy --package` deploys an earlier package with the settings of that time. */
  #checkPackage(directory: string): StackSettings | undefined {
    const file = join(directory, 'serverless-state.json');
    const path = resolve(this.#serverless.serviceDir, file);
    if (this.#options.param)
      throw new WrongSettings([
        '--param has no effect on a package that exists. Package again with it, or leave it out.',
      ]);
    // Serverless itself refuses a folder without this file.
    if (!existsSync(path)) return undefined;
    const state = JSON.parse(readFileSync(path, 'utf8'));
    const {
      stackParameters,
      stackTags = {},
    }: { stackParameters: StackParameter[]; stackTags?: StackSettings['tags'] } = state.service.provider;
    const settings: Settings = Object.fromEntries(
      stackParameters.map(({ ParameterKey, ParameterValue }) => [ParameterKey, ParameterValue]),
    );
    const files = Object.fromEntries(Object.keys(settings).map((name) => [name, file]));
    refuse([
      complaintAboutRegion(this.#region),
      ...complaintsAbout(settings, this.#region, files),
      ...complaintsAboutMissing(settings, file),
      ...complaintsAboutExamples(settings, file),
    ]);
    return { settings, tags: stackTags };
  }

  /**
   * Serverless creates a stack with nothing but its bucket, and gives it all parameters; CloudFormation refuses those that a
   * template does not declare.
   */
  #declareParameters(): void {
    const { provider, resources } = this.#serverless.service;
    provider.coreCloudFormationTemplate.Parameters = resources.Parameters;
  }

  get #provider() {
    return this.#serverless.getProvider('aws');
  }

  get #stackName(): string {
    return this.#provider.naming.getStackName();
  }

  get #stage(): string {
    return this.#provider.getStage();
  }

  get #region(): string {
    return this.#provider.getRegion();
  }

  get #stageFile(): string {
    return stageFile(this.#stage);
  }
}
