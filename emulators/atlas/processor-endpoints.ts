import { type Context, type Endpoint, taking } from './endpoint.ts';
import { atlasError } from './error.ts';
import { apiReference, documented, reported, terraformTests } from './knowledge.ts';
import { badQuery, page, pageParameters } from './query.ts';
import * as answers from './schemas/answer.ts';
import { ProcessorRequest, ProcessorStart } from './schemas/request.ts';

const version = '2024-05-30';
const workspaceOf = ({ project, labels }: Context) => project.workspace(labels.tenantName);
const processorOf = (context: Context) => workspaceOf(context).processor(context.labels.processorName);

/** The endpoints of stream processors, the longest paths first. A change of a processor by PATCH is not emulated. */
export const processorEndpoints: Endpoint[] = [
  {
    operation: 'downloadGroupStreamOperationalLogs',
    route: 'GET /streams/{tenantName}:downloadOperationalLogs',
    known: documented(`${apiReference}; the lines, and that it returns those of deleted processors, are assumed`),
    version: '2025-03-12',
    format: 'gzip',
    parameters: ['spName', 'startDate', 'endDate'],
    shape: answers.OperationalLogs,
    answer: (context) => {
      const { project, request } = context;
      if (!project.mayReadLogs)
        throw atlasError(403, 'USER_UNAUTHORIZED', 'Current user is not authorized to perform this action.');
      const [from, to] = [epochSeconds(request.query, 'startDate'), epochSeconds(request.query, 'endDate')];
      const name = request.query.get('spName') ?? undefined;
      return workspaceOf(context).logs(name, from ?? 0, to ?? Number.MAX_SAFE_INTEGER);
    },
  },
  {
    operation: 'getGroupStreamProcessors',
    route: 'GET /streams/{tenantName}/processors',
    known: documented(apiReference),
    version,
    parameters: pageParameters,
    shape: answers.pageOf(answers.StreamProcessor),
    answer: (context) =>
      page(
        context.request,
        workspaceOf(context).processors.map((it) => it.describe()),
      ),
  },
  {
    operation: 'startGroupStreamProcessorWith',
    route: 'POST /streams/{tenantName}/processor/{processorName}:startWith',
    known: documented(`${apiReference}; that an answer has no body is reported`),
    version: '2025-03-12',
    status: 200,
    shape: answers.Nothing,
    ...taking(ProcessorStart, ({ tier, resumeFromCheckpoint: resumes = true }, context) => {
      workspaceOf(context).startProcessor(context.labels.processorName, { tier, resumes });
      return undefined;
    }),
  },
  {
    operation: 'startGroupStreamProcessor',
    route: 'POST /streams/{tenantName}/processor/{processorName}:start',
    known: documented(apiReference),
    version,
    status: 200,
    shape: answers.Nothing,
    answer: (context) => {
      workspaceOf(context).startProcessor(context.labels.processorName);
      return undefined;
    },
  },
  {
    operation: 'stopGroupStreamProcessor',
    route: 'POST /streams/{tenantName}/processor/{processorName}:stop',
    known: documented(apiReference),
    version,
    status: 200,
    shape: answers.Nothing,
    answer: (context) => {
      processorOf(context).stop();
      return undefined;
    },
  },
  {
    operation: 'createGroupStreamProcessor',
    route: 'POST /streams/{tenantName}/processor',
    known: reported(`${terraformTests}; that its connections must exist is assumed`),
    version,
    shape: answers.StreamProcessorCreated,
    ...taking(ProcessorRequest, (request, context) => workspaceOf(context).createProcessor(request).created()),
  },
  {
    operation: 'getGroupStreamProcessor',
    route: 'GET /streams/{tenantName}/processor/{processorName}',
    known: documented(`${apiReference}; the fields of its stats are reported`),
    version,
    shape: answers.StreamProcessor,
    answer: (context) => processorOf(context).describe(),
  },
  {
    operation: 'deleteGroupStreamProcessor',
    route: 'DELETE /streams/{tenantName}/processor/{processorName}',
    known: documented(`${apiReference}; that a processor that runs or is STOPPING is not deleted is assumed`),
    version,
    shape: answers.Nothing,
    answer: (context) => {
      workspaceOf(context).deleteProcessor(context.labels.processorName);
      return undefined;
    },
  },
];

function epochSeconds(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\d{1,12}$/.test(text)) throw badQuery(name);
  return Number(text);
}
