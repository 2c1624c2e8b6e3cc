import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.ts';
import { deployCommand, examplesAmong, type Parameters, sentence } from './example-values.ts';
import { complaintAboutStage, complaintsAbout } from './settings.ts';

/** The part of the Serverless Framework that is used here. */
interface Serverless {
  processedInput: { commands: string[]; isHelpRequest: boolean };
  configurationInput: { params: { default: Parameters; [stage: string]: Parameters } };
  service: { service: string; functions: Record<string, unknown> };
  getProvider(name: 'aws'): { getStage(): string; getRegion(): string };
  classes: { Error: new (message: string, code: string) => Error };
}

/** Of the command line. */
interface Options extends Record<string, unknown> {
  param?: string[];
  package?: string;
}

/** Refuses wrong settings, builds the bundles before Serverless packages them, and keeps example values out of AWS. */
export default class PackagingPlugin {
  readonly hooks;
  readonly #serverless: Serverless;
  readonly #options: Options;

  constructor(serverless: Serverless, options: Options, { log }: { log: { notice(text: string): void } }) {
    this.#serverless = serverless;
    this.#options = options;
    this.hooks = {
      'before:package:createDeploymentArtifacts': build,
      'before:package:function:package': build,
      'after:package:finalize': () => {
        const examples = examplesAmong(this.#parameters());
        if (Object.keys(examples).length > 0) log.notice(`To be read, not to be deployed: ${sentence(examples)}.`);
      },
    };
  }

  /** Comes before all hooks, in the first of which Serverless asks AWS who is deploying. */
  asyncInit(): void {
    const { commands, isHelpRequest } = this.#serverless.processedInput;
    const command = commands.join(' ');
    if (isHelpRequest || !['package', 'deploy', 'deploy function'].includes(command)) return;
    // To `serverless package`, the option of this name says where to write.
    const directory = command === 'package' ? undefined : this.#options.package;
    if (directory === undefined) this.#refuseWrongSettings();
    if (command !== 'package')
      this.#refuseExamples(directory === undefined ? this.#parameters() : this.#parametersOfPackage(directory));
  }

  #refuseWrongSettings(): void {
    const { service, configurationInput, classes } = this.#serverless;
    const provider = this.#serverless.getProvider('aws');
    const complaints = complaintsAbout(
      this.#parameters(),
      Object.keys(configurationInput.params.default),
      provider.getRegion(),
    );
    const ofStage = complaintAboutStage(provider.getStage(), service.service, Object.keys(service.functions));
    if (ofStage) complaints.push(ofStage);
    if (complaints.length > 0) throw new classes.Error(complaints.join('\n'), 'WRONG_SETTINGS');
  }

  #refuseExamples(parameters: Parameters): void {
    const examples = examplesAmong(parameters);
    if (Object.keys(examples).length === 0) return;
    const { package: _, ...options } = this.#options;
    throw new this.#serverless.classes.Error(
      `Nothing was deployed, because ${sentence(examples)}. Give your own:\n\n  ${deployCommand(options, examples)}`,
      'EXAMPLE_VALUES',
    );
  }

  /** As `${param:…}` finds them: from the command line, else for the stage, else the default. */
  #parameters(): Parameters {
    const { params } = this.#serverless.configurationInput;
    const stage = this.#serverless.getProvider('aws').getStage();
    const configured = [params.default, params[stage] ?? {}]
      .flatMap(Object.entries)
      .filter(([, value]) => value != null);
    const typed = (this.#options.param ?? []).map((parameter) => parameter.trimEnd().split(/=(.*)/s));
    return Object.fromEntries([...configured, ...typed]);
  }

  /** `serverless deploy --package` deploys what an earlier `serverless package` was given. */
  #parametersOfPackage(directory: string): Parameters {
    const file = join(directory, 'cloudformation-template-update-stack.json');
    const template = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const { default: defaults } = this.#serverless.configurationInput.params;
    return Object.fromEntries(Object.entries(defaults).filter(([, value]) => template.includes(value)));
  }
}
