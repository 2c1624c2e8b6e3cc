import { randomUUID } from 'node:crypto';
import { type Authorize, accessDeniedMessage, signedBy } from './aws.ts';
import { type Answer, Refusal, type Request, type Route, type Service } from './emulator.ts';

/** A message as the subscribers of its topic receive it. */
export interface Message {
  topicArn: string;
  subject: string;
  text: string;
}

interface SnsOptions {
  authorize: Authorize;
  region: string;
  /** The topics that exist. */
  topicArns: string[];
}

/** Documented: a subject is ASCII text of less than 100 characters. Newer pages allow UTF-8; this is the harder reading. */
const allowedSubject = /^[ -~]{1,99}$/;

/** Documented: in bytes of UTF-8. */
const maxMessageBytes = 262_144;

/** The part of Amazon SNS that the functions use: Publish, over awsQuery. Documented. */
export class SnsEmulator implements Service {
  readonly name = 'sns';
  readonly messages: Message[] = [];
  readonly #options: SnsOptions;

  constructor(options: SnsOptions) {
    this.#options = options;
  }

  route(request: Request): Route {
    const input = new URLSearchParams(request.body);
    const operation = input.get('Action') ?? 'unknown';
    return {
      operation,
      authenticate: () => signedBy(request, 'sns', signatureError, this.#options.region),
      apply: (caller) => this.#apply(operation, caller, input),
    };
  }

  #apply(operation: string, caller: string, input: URLSearchParams): Answer {
    const { authorize, topicArns } = this.#options;
    const topicArn = input.get('TopicArn') ?? '';
    const subject = input.get('Subject') ?? undefined;
    const text = input.get('Message') ?? '';
    if (operation !== 'Publish')
      throw snsError('InvalidActionException', `The local cloud does not implement ${operation}.`);
    // Documented: the tests of AWS's own SDKs have these words.
    if (!topicArn.startsWith('arn')) throw invalid(`TopicArn Reason: ${topicArn} does not start with arn`);
    if (!authorize(caller, `sns:${operation}`, topicArn, {}))
      throw snsError('AuthorizationErrorException', accessDeniedMessage(caller, `sns:${operation}`, topicArn), 403);
    if (!topicArns.includes(topicArn)) throw snsError('NotFoundException', 'Topic does not exist', 404);
    if (subject !== undefined && !allowedSubject.test(subject)) throw invalid('Subject');
    if (text === '') throw invalid('Empty message');
    if (Buffer.byteLength(text) > maxMessageBytes) throw invalid('Message too long');
    this.messages.push({ topicArn, subject: subject ?? '', text });
    return answer(
      `<PublishResponse ${namespace}><PublishResult><MessageId>${randomUUID()}</MessageId></PublishResult><ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></PublishResponse>`,
    );
  }
}

/** Documented: the model of SNS. */
const namespace = 'xmlns="http://sns.amazonaws.com/doc/2010-03-31/"';

const invalid = (what: string) => snsError('InvalidParameterException', `Invalid parameter: ${what}`);

/** @param name of the SDK's exception. Documented in the model: the code of an answer is that name without `Exception`. */
export const snsError = (name: string, message: string, status = 400): Refusal =>
  new Refusal(
    message,
    answer(
      `<ErrorResponse ${namespace}><Error><Type>Sender</Type><Code>${name.replace(/Exception$/, '')}</Code><Message>${escaped(message)}</Message></Error><RequestId>${randomUUID()}</RequestId></ErrorResponse>`,
      status,
    ),
  );

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Reported: query APIs have another name for this error (cognitect-labs/aws-api #27). */
const signatureError = (name: string, message: string): Refusal =>
  snsError(name.replace('InvalidSignatureException', 'SignatureDoesNotMatch'), message, 403);

const answer = (body: string, status = 200): Answer => ({ status, headers: { 'content-type': 'text/xml' }, body });
