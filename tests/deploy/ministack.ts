import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export interface MiniStack {
  url: string;
  /** Everything that it has printed. */
  log(): Promise<string>;
  stop(): Promise<void>;
}

/** What the template needs. MiniStack refuses calls to all other services, including its own MSK. */
const services = [
  'cloudformation',
  'cloudwatch',
  'dynamodb',
  'ecr',
  'events',
  'iam',
  'lambda',
  'logs',
  's3',
  'scheduler',
  'secretsmanager',
  'sns',
  'sqs',
  'states',
  'sts',
];

const startTimeoutMs = 60_000;

/**
 * Runs MiniStack on a free port of loopback until it is stopped or this process ends.
 *
 * @param environment also for the functions: MiniStack adds its own environment to theirs
 */
export async function startMiniStack(command: string, environment: Record<string, string>): Promise<MiniStack> {
  const folder = await mkdtemp(join(tmpdir(), 'ministack-'));
  const port = await freePort();
  const logFile = join(folder, 'log');
  const output = openSync(logFile, 'w');
  // In its own process group, so that the functions that it starts end with it.
  const child = spawn(command, {
    cwd: folder,
    detached: true,
    stdio: ['ignore', output, output],
    // Nothing of the user's own environment, so that no call can reach the real AWS.
    env: {
      // It runs nodejs24.x with the first `node` that it finds: this one.
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
      HOME: folder,
      TMPDIR: folder,
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      MINISTACK_HOST: '127.0.0.1',
      SERVICES: services.join(','),
      // Other services, which would not listen on loopback only.
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
      LAMBDA_EXECUTOR: 'local',
      // IAM, as far as MiniStack supports it.
      AUTH: 'true',
      ...environment,
    },
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()));
  const kill = (signal: NodeJS.Signals) => {
    try {
      if (child.pid) process.kill(-child.pid, signal);
    } catch {
      // All of the group have ended.
    }
  };
  const killAtExit = () => kill('SIGKILL');
  // Before the listener that removes its folder.
  process.prependOnceListener('exit', killAtExit);

  const ministack = {
    url: `http://127.0.0.1:${port}`,
    log: () => readFile(logFile, 'utf8'),
    async stop() {
      kill('SIGTERM');
      await Promise.race([ended, pause(5_000, undefined, { ref: false })]);
      kill('SIGKILL');
      process.off('exit', killAtExit);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  const deadline = Date.now() + startTimeoutMs;
  while (!(await isReady(ministack.url))) {
    if (child.exitCode === null && child.pid && Date.now() < deadline) {
      await pause(250);
      continue;
    }
    const log = await ministack.log();
    await ministack.stop();
    throw new Error(`MiniStack did not start:\n${log}`);
  }
  return ministack;
}

const isReady = (url: string) =>
  fetch(`${url}/_ministack/ready`).then(
    ({ ok }) => ok,
    () => false,
  );

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
