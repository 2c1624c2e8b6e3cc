import assert from 'node:assert/strict';
import { cpSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

/** Changes the infrastructure of a folder where MiniStack knows less than AWS. The folder gets a copy of its own in place of a link. */
export function adaptToMiniStack(folder: string): void {
  const infrastructure = copyInfrastructure(folder);
  replaceMetricMath(infrastructure);
  removeTagCondition(infrastructure);
  nameSecretByArn(infrastructure);
  allowHttp(infrastructure);
}

/** Replaces the link to our infrastructure by a copy of it. */
function copyInfrastructure(folder: string): string {
  const infrastructure = join(folder, 'infrastructure');
  const linked = realpathSync(infrastructure);
  rmSync(infrastructure);
  cpSync(linked, infrastructure, { recursive: true });
  return infrastructure;
}

/** MiniStack's IAM knows no tags of secrets, so it would deny every SCRAM secret. The local cloud's IAM compares them. */
function removeTagCondition(infrastructure: string): void {
  const file = join(infrastructure, 'roles.yml');
  const roles = readFileSync(file, 'utf8');
  const condition = /\n +Condition:\n +StringEquals: \{ aws:ResourceTag\/[^\n]+/g;
  assert.equal(roles.match(condition)?.length, 1);
  writeFileSync(file, roles.replace(condition, ''));
}

/** In a condition, MiniStack resolves parameters only. There, the secret of the credentials is always named by its ARN. */
function nameSecretByArn(infrastructure: string): void {
  const file = join(infrastructure, 'roles.yml');
  const roles = readFileSync(file, 'utf8');
  const condition = /(?<=^ {2}NamesCredentialsByArn: ).+$/gm;
  assert.equal(roles.match(condition)?.length, 1);
  writeFileSync(file, roles.replace(condition, '{ Fn::Equals: [arn, arn] }'));
}

/** MiniStack serves HTTP only, so the topic's policy would deny every message. */
function allowHttp(infrastructure: string): void {
  const file = join(infrastructure, 'notifications.yml');
  const { Resources, ...rest } = parse(readFileSync(file, 'utf8'), { merge: true });
  const { PolicyDocument } = Resources.NotificationTopicPolicy.Properties;
  const isForTls = (statement: object) => JSON.stringify(statement).includes('aws:SecureTransport');
  assert.equal(PolicyDocument.Statement.filter(isForTls).length, 1);
  PolicyDocument.Statement = PolicyDocument.Statement.filter((statement: object) => !isForTls(statement));
  writeFileSync(file, stringify({ ...rest, Resources }, { aliasDuplicateObjects: false }));
}

/** MiniStack refuses alarms on metric math. There, such an alarm watches the first of its metrics. */
function replaceMetricMath(infrastructure: string): void {
  const file = join(infrastructure, 'alarms.yml');
  const { Resources } = parse(readFileSync(file, 'utf8'), { merge: true });
  const math = Object.values<{ Properties: AlarmProperties }>(Resources).filter(({ Properties }) => Properties.Metrics);
  assert.ok(math.length > 0);
  for (const { Properties } of math) {
    const { Metric, Period, Stat } = Properties.Metrics?.find(({ MetricStat }) => MetricStat)?.MetricStat ?? {};
    Object.assign(Properties, Metric, { Period, Statistic: Stat });
    delete Properties.Metrics;
  }
  writeFileSync(file, stringify({ Resources }, { aliasDuplicateObjects: false }));
}

interface AlarmProperties {
  Metrics?: { MetricStat?: { Metric?: object; Period?: number; Stat?: string } }[];
}
