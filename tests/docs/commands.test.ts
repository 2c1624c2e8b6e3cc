import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parts } from '../../bench/figures.ts';
import { parseArguments as parsePreflight } from '../../cli/preflight/arguments.ts';
import { parameterNames } from '../../docs/generators/configuration.ts';
import { documents, pathOf, readDocument } from '../../docs/generators/documents.ts';
import { clusterArn } from '../fixtures/request.ts';
import { complaintAboutAws } from './aws-cli.ts';
import { blocks } from './markdown.ts';
import { type Command, readArguments, readScript } from './shell.ts';

const scripts: Record<string, string> = JSON.parse(readFileSync(pathOf('package.json'), 'utf8')).scripts;

/** Standard tools and shell builtins. Their syntax is checked by bash, their options are not. */
const standard = [
  'base64',
  'cat',
  'cd',
  'echo',
  'export',
  'git',
  'grep',
  'jq',
  'read',
  'rm',
  'sha256sum',
  'sleep',
  'umask',
];

/** The commands of the Atlas CLI that the documentation uses, with their options. https://www.mongodb.com/docs/atlas/cli/current/ */
const atlasCommands: Record<string, string[]> = {
  'api streams getAccountDetails': ['groupId', 'cloudProvider', 'regionName'],
  'cloudProviders accessRoles aws authorize': ['projectId', 'iamAssumedRoleArn'],
  'cloudProviders accessRoles aws create': ['projectId'],
  'cloudProviders accessRoles aws deauthorize': ['projectId'],
  'cloudProviders accessRoles list': ['projectId'],
  'clusters list': ['projectId', 'output'],
  'projects apiKeys create': ['desc', 'projectId', 'role'],
  'streams workspaces describe': ['projectId'],
};

/** The options of kafka-acls.sh that the documentation uses. https://kafka.apache.org/documentation/#security_authz_cli */
const aclOptions = [
  'add',
  'allow-principal',
  'bootstrap-server',
  'cluster',
  'command-config',
  'group',
  'list',
  'operation',
  'resource-pattern-type',
  'topic',
];

const unknownOf = (given: string[], known: string[]) => given.filter((name) => !known.includes(name));

/** How a command is checked, by its name. Each check returns what is wrong, or undefined. */
const checks: Record<string, (args: string[]) => string | undefined> = {
  aws: complaintAboutAws,
  npm: ([command = '', ...args]) =>
    command === 'ci' ? undefined : complaintAboutScript(command === 'run' ? args : [command, ...args]),
  npx: ([no, dashes, tool, ...args]) => {
    if (no !== '--no' || dashes !== '--')
      return 'outside of the clone, npx fetches whatever has this name: npx --no -- <tool>';
    const file = args.at(-1) ?? '';
    return tool === 'node' && args[0] === '--test' && existsSync(pathOf(file)) ? undefined : `unknown tool ${tool}`;
  },
  atlas: (args) => {
    const { positional, options } = readArguments(args);
    const words = positional.filter((word) => !word.startsWith('$')).join(' ');
    const known = atlasCommands[words];
    return known ? unknownOf(Object.keys(options), known).join() || undefined : `unknown command ${words}`;
  },
  'kafka-acls.sh': (args) =>
    unknownOf(Object.keys(readArguments(args.filter((arg) => arg !== '$@')).options), aclOptions).join() || undefined,
  // To Atlas only, and no secret among the arguments.
  curl: (args) =>
    args.join(' ') === '--config - --data-urlencode token=$TOKEN https://cloud.mongodb.com/api/oauth/revoke'
      ? undefined
      : 'unknown arguments',
  cp: ([from = '']) => (existsSync(pathOf(from)) ? undefined : `there is no file ${from}`),
  terraform: ([command = '']) => (['apply', 'destroy', 'init'].includes(command) ? undefined : 'unknown command'),
  ...Object.fromEntries(standard.map((name) => [name, () => undefined])),
};

/** The documentation's own shortcut. */
checks.acls = checks['kafka-acls.sh'] as (typeof checks)[string];

/** A script of package.json with its arguments, such as `start --silent -- --json`. */
function complaintAboutScript([name = '', ...args]: string[]): string | undefined {
  if (!(name in scripts)) return `package.json has no script ${name}`;
  const own = args.slice(args.indexOf('--') + 1);
  if (own.length === args.length && args.length > 0) return `"--" is missing before ${args.join(' ')}`;
  if (name === 'start') return complaintAboutStart(own);
  const { options } = readArguments(own);
  if (name === 'deploy' || name === 'package') {
    const names = (options.param ?? []).map((param) => param.split('=')[0] ?? '');
    return (
      [...unknownOf(Object.keys(options), ['param', 'region', 'stage']), ...unknownOf(names, parameterNames)].join() ||
      undefined
    );
  }
  if (name === 'preflight') return complaintAboutPreflight(own);
  if (name === 'remove') return unknownOf(Object.keys(options), ['region', 'stage']).join() || undefined;
  if (name === 'release') return unknownOf(Object.keys(options), ['out']).join() || undefined;
  if (name === 'status')
    return (
      unknownOf(Object.keys(options), ['credentials-secret', 'json', 'project', 'region', 'stage']).join() || undefined
    );
  if (name === 'bench') {
    const only = (options.only?.[0] ?? parts[0] ?? '').split(',');
    return (
      [
        ...unknownOf(Object.keys(options), ['only', 'clusters', 'credentials', 'json', 'keep-writes', 'scheme']),
        ...unknownOf(only, [...parts]),
      ].join() || undefined
    );
  }
  return own.length > 0 ? `${name} takes no arguments` : undefined;
}

/** Lets the command check its arguments. The variable is one of a block. */
function complaintAboutPreflight(args: string[]): string | undefined {
  try {
    parsePreflight(args.map((arg) => (arg === '$CLUSTER' ? clusterArn : arg)));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Lets the command line of `npm start` check its arguments. With --help, which does not go with --json, it starts no run. */
function complaintAboutStart(args: string[]): string | undefined {
  const withHelp = [pathOf('local/main.ts'), ...args.filter((arg) => arg !== '--json'), '--help'];
  const { status, stderr } = spawnSync(process.execPath, withHelp, { encoding: 'utf8' });
  return status === 0 ? undefined : stderr;
}

describe('the shell blocks of the documentation', () => {
  for (const { file, text } of blocks.filter(({ language }) => language === 'sh'))
    it(`in ${file} are valid: ${text.split('\n')[0]}`, () => {
      const { stderr, status } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      const { commands, variables, errors } = readScript(text);
      assert.deepEqual(errors, []);
      assert.notEqual(commands.length + Object.keys(variables).length, 0);
      for (const command of commands) assert.equal(complaintAbout(command, variables), undefined, text);
    });
});

function complaintAbout({ name, args }: Command, variables: Record<string, string>): string | undefined {
  const check = checks[name];
  if (!check) return `${name} is not a known command`;
  // A query may be put together with a variable of the same block.
  const complaint = check(
    args.map((arg) => arg.replace(/^\$(\w+)(?=\.)/, (whole, variable) => variables[variable] ?? whole)),
  );
  return complaint && `${name} ${args.join(' ')}: ${complaint}`;
}

describe('the check of a command', () => {
  for (const [command, complaint] of [
    ['aws kafka describe-cluster-v3 --cluster-arn "$CLUSTER"', /has no operation describe-cluster-v3/],
    ['aws kafka describe-cluster-v2 --cluster "$CLUSTER"', /has no option cluster/],
    ['aws kafka describe-cluster-v2', /needs cluster-arn/],
    ['aws kafka describe-cluster-v2 --cluster-arn "$CLUSTER" --query ClusterInfo.Status', /finds only null/],
    ['aws s3 cp release s3://example --recursve', /s3 cp has no option recursve/],
    [
      'aws cloudformation deploy --template-file release/template.json --parameter-overrides atlasProject=1',
      /the template has no parameter atlasProject/,
    ],
    [
      'aws cloudformation update-stack-set --stack-set-name x --parameters ParameterKey=prefx,ParameterValue=1',
      /the template has no parameter prefx/,
    ],
    [
      'aws cloudformation update-stack-set --stack-set-name x --parameters "ParameterKey=prefix,ParameterValue={a}"',
      /reads a brace as syntax/,
    ],
    ['npm run deploy -- --stage prod --param=atlasProject=1', /atlasProject/],
    ['npm run deploy --stage prod', /"--" is missing/],
    ['npm run publish', /no script publish/],
    ['npx serverless remove --stage prod', /outside of the clone, npx fetches whatever has this name/],
    ['npm run remove -- --stages prod', /stages/],
    ['npm run preflight -- --cluster "$CLUSTER" --workspce streams', /Did you mean --workspace/],
    ['npm start -- --scenario none', /There is no scenario "none"/],
    ['acls --add --deny User:admin', /deny/],
    ['atlas clusters delete', /unknown command clusters delete/],
    ['terraform aply', /unknown command/],
    ['pulumi up', /not a known command/],
  ] as const)
    it(`refuses ${command}`, () => {
      const [first] = readScript(command).commands;
      assert.match(String(first && complaintAbout(first, {})), complaint);
    });
});

it('no document has a command that would fetch another product outside of the clone', () => {
  for (const file of documents)
    assert.doesNotMatch(
      readDocument(file),
      /\bnpx (?!--no\b)|\bnpm exec |\bserverless (deploy|package|remove)\b/,
      file,
    );
});
