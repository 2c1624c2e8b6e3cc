import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { ListSchedulesCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { ClientConfig } from './account.ts';

/**
 * What exists in the account, by type, as the services list it; CloudFormation only lists what it believes. The first page of each
 * list is enough. Alarms and dashboards are missing: MiniStack lists them with times that the AWS SDK cannot read.
 */
export async function inventory(config: ClientConfig): Promise<Record<string, (string | undefined)[]>> {
  const [roles, functions, logGroups, machines, rules, schedules, queues, topics, tables] = await Promise.all([
    new IAMClient(config).send(new ListRolesCommand()),
    new LambdaClient(config).send(new ListFunctionsCommand()),
    new CloudWatchLogsClient(config).send(new DescribeLogGroupsCommand()),
    new SFNClient(config).send(new ListStateMachinesCommand()),
    new EventBridgeClient(config).send(new ListRulesCommand()),
    new SchedulerClient(config).send(new ListSchedulesCommand()),
    new SQSClient(config).send(new ListQueuesCommand()),
    new SNSClient(config).send(new ListTopicsCommand()),
    new DynamoDBClient(config).send(new ListTablesCommand()),
  ]);
  return {
    'AWS::IAM::Role': (roles.Roles ?? []).map(({ RoleName }) => RoleName),
    'AWS::Lambda::Function': (functions.Functions ?? []).map(({ FunctionName }) => FunctionName),
    'AWS::Logs::LogGroup': (logGroups.logGroups ?? []).map(({ logGroupName }) => logGroupName),
    'AWS::StepFunctions::StateMachine': (machines.stateMachines ?? []).map(({ name }) => name),
    'AWS::Events::Rule': (rules.Rules ?? []).map(({ Name }) => Name),
    'AWS::Scheduler::Schedule': (schedules.Schedules ?? []).map(({ Name }) => Name),
    'AWS::SQS::Queue': queues.QueueUrls ?? [],
    'AWS::SNS::Topic': (topics.Topics ?? []).map(({ TopicArn }) => TopicArn),
    'AWS::DynamoDB::Table': tables.TableNames ?? [],
  };
}
