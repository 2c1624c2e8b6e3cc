import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseArguments, UsageError } from '../../../local/arguments.ts';
import { scenarios } from '../../../local/scenarios.ts';
import { readSettings } from '../../../packaging/settings.ts';

const parse = (...args: string[]) => parseArguments(args, scenarios);

suite('the arguments of npm start', () => {
  test('are all optional', () => {
    const { scenario, ...others } = parse();
    assert.equal(scenario.name, 'default');
    assert.deepEqual(others, {
      input: undefined,
      disconnect: false,
      stage: undefined,
      settings: {},
      speed: 360,
      list: false,
      help: false,
      json: false,
      html: undefined,
      logs: false,
      keep: false,
    });
  });

  test('name a scenario, an input, a speed and parameters, whose values may contain = or be empty', () => {
    const atlasCredentialsSecretArn = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:atlas=key-a1B2c3';
    const { scenario, input, settings, speed } = parse(
      '--scenario=throttled',
      ...['--input', 'event.json', '--speed', '12.5'],
      ...['--param', `atlasCredentialsSecretArn=${atlasCredentialsSecretArn}`, '--param', 'allowedTargets='],
    );
    assert.equal(scenario.name, 'throttled');
    assert.equal(input, 'event.json');
    assert.equal(speed, 12.5);
    assert.deepEqual(settings, { atlasCredentialsSecretArn, allowedTargets: '' });
  });

  test('name a stage, whose settings are those of its file', () => {
    const { settings } = parse('--stage', 'example', '--param', 'atlasWorkspace=mine');
    assert.deepEqual(settings, readSettings('example', { atlasWorkspace: 'mine' }));
    assert.throws(
      () => parse('--stage', 'missing'),
      (error) =>
        error instanceof UsageError && error.message.startsWith('stages/missing.yml does not exist. Create it from '),
    );
  });

  test('are rejected if npm has not passed an option on, because "--" is missing', () => {
    const env = { npm_lifecycle_event: 'start', npm_config_list: 'true' };
    const message = 'npm has used --list itself; put "--" before all options: npm start -- --list …';
    assert.throws(() => parseArguments([], scenarios, env), { message });
  });

  test('keep the cloud up, with the name of the stage', () => {
    const { keep, stage } = parse('--keep', '--stage', 'example', '--json', '--logs', '--speed', '60');
    assert.deepEqual([keep, stage], [true, 'example']);
  });

  for (const { args, message } of [
    {
      args: ['--keep', '--input', 'x.json'],
      message: /^--keep cannot be combined with --input, because it starts no run\.$/,
    },
    { args: ['--keep', '--disconnect'], message: /^--keep cannot be combined with --disconnect, / },
    { args: ['--scenario', 'x'], message: /^There is no scenario "x"; there are default, .*throttled, .*\.$/ },
    { args: ['--scenario', 'throtled'], message: /^There is no scenario "throtled"\. Did you mean throttled\?$/ },
    { args: ['--params', 'mechanism=PLAIN'], message: /^Unknown option '--params'\. Did you mean --param\?$/ },
    { args: ['--speed', 'fast'], message: /^--speed must be a number from 1 to 10000, not "fast"\.$/ },
    { args: ['--speed', '0'], message: /not "0"/ },
    { args: ['--param', 'atlasWorkspace'], message: /^--param needs NAME=VALUE, .* not "atlasWorkspace"\.$/ },
    {
      args: ['--param', 'workspace=x'],
      message: /^"workspace" is not a setting\. Did you mean atlasWorkspace\?$/,
    },
    {
      args: ['--param', 'atlasWorkspace=a=b'],
      message: /^atlasWorkspace is "a=b"; it must be the name of .*"streams", and may contain "{region}"\.$/,
    },
    { args: ['--param', 'atlasBaseUrl=https://cloud.mongodb.com'], message: /the local cloud has its own Atlas/ },
    { args: ['--stage', 'a_b'], message: /^The stage "a_b" cannot be used; / },
    { args: ['--verbose'], message: /^Unknown option '--verbose'\. npm start -- --help lists the options\.$/ },
    { args: ['--disconnect'], message: /^--disconnect needs --input\.$/ },
    { args: ['--input'], message: /^--input needs a value\.$/ },
    { args: ['event.json'], message: /^Unexpected argument 'event\.json'\. / },
  ]) {
    test(`are rejected in one sentence: ${args.join(' ')}`, () => {
      assert.throws(
        () => parse(...args),
        (error) => error instanceof UsageError && message.test(error.message) && !error.message.includes('\n'),
      );
    });
  }
});
