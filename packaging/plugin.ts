import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.ts';
import { deployCommand, examplesAmong, type Parameters, sentence } from './example-values.ts';

/** The part of the Serverless Framework that is used here. */
interface Serverless {
  processedInput: { commands: string[]; isHelpRequest: boolean };
  configurationInput: { params: { default: Parameters; [stage: string]: Parameters } };
  getProvider(name: 'aws'): { getStage(): string };
  classes: { Error: new (message: string, code: string) => Error };
}

/** Of the command line. */
interface Options extends Record<string, unknown> {
  param?: string[];
  package?: string;
}

/** Builds the bundles before Serverless packages them, and keeps example values out of AWS. */
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
    if (isHelpRequest || !['deploy', 'deploy function'].includes(commands.join(' '))) return;
    const { package: directory, ...options } = this.#options;
    const examples = examplesAmong(directory ? this.#parametersOfPackage(directory) : this.#parameters());
    if (Object.keys(examples).length === 0) return;
    throw new this.#serverless.classes.Error(
      `Nothing was deployed, because ${sentence(examples)}. Give your own:\n\n  ${deployCommand(options, examples)}`,
      'EXAMPLE_VALUES',
    );
  }

  /** As `${param:…}` finds them: from the command line, else for the stage, else the default. */
  #parameters(): Parameters {
    const { params } = this.#serverless.configurationInput;
    const stage = this.#serverless.getProvider('aws').getStage();
    const typed = (this.#options.param ?? []).map((parameter) => parameter.split(/=(.*)/s));
    return { ...params.default, ...params[stage], ...Object.fromEntries(typed) };
  }

  /** `serverless deploy --package` deploys what an earlier `serverless package` was given. */
  #parametersOfPackage(directory: string): Parameters {
    const file = join(directory, 'cloudformation-template-update-stack.json');
    const template = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const { default: defaults } = this.#serverless.configurationInput.params;
    return Object.fromEntries(Object.entries(defaults).filter(([, value]) => template.includes(value)));
  }
}
