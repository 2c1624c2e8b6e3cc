import { type Authorize, accessDeniedMessage, signedBy } from './aws.ts';
import { type Answer, Refusal, type Request, type Route, type Service } from './emulator.ts';

/** A message as the subscribers of its topic receive it. */
export interface Message {
  topicArn: string;
  subject: string;
  text: string;
}

/** Documented: a subject is ASCII text of less than 100 characters. */
const allowedSubject = /^[ -~]{1,99}$/;

/** The part of Amazon SNS that the functions use: Publish, over awsQuery. Documented. */
export class SnsEmulator implements Service {
  readonly name = 'sns';
  readonly messages: Message[] = [];
  readonly #authorize: Authorize;
  readonly #region: string;

  constructor(authorize: Authorize, region: string) {
    this.#authorize = authorize;
    this.#region = region;
  }

  route(request: Request): Route {
    const input = new URLSearchParams(request.body);
    const operation = input.get('Action') ?? 'unknown';
    return {
      operation,
      authenticate: () => signedBy(request, 'sns', signatureError, this.#region),
      apply: (caller) => this.#apply(operation, caller, input),
    };
  }

  #apply(operation: string, caller: string, input: URLSearchParams): Answer {
    const [topicArn, subject, text] = ['TopicArn', 'Subject', 'Message'].map((name) => input.get(name) ?? '') as [
      string,
      string,
      string,
    ];
    if (!this.#authorize(caller, `sns:${operation}`, topicArn, {}))
      throw snsError('AuthorizationErrorException', accessDeniedMessage(caller, `sns:${operation}`, topicArn), 403);
    if (operation !== 'Publish') throw snsError('InvalidAction', `The local cloud does not implement ${operation}.`);
    if (!allowedSubject.test(subject)) throw snsError('InvalidParameterException', 'Invalid parameter: Subject');
    if (text === '') throw snsError('InvalidParameterException', 'Invalid parameter: Empty message');
    this.messages.push({ topicArn, subject, text });
    return answer(
      `<PublishResponse><PublishResult><MessageId>${this.messages.length}</MessageId></PublishResult></PublishResponse>`,
    );
  }
}

export const snsError = (name: string, message: string, status = 400): Refusal =>
  new Refusal(
    message,
    answer(
      `<ErrorResponse><Error><Type>Sender</Type><Code>${name}</Code><Message>${message}</Message></Error></ErrorResponse>`,
      status,
    ),
  );

/** Reported: query APIs have another name for this error (cognitect-labs/aws-api #27). */
const signatureError = (name: string, message: string): Refusal =>
  snsError(name.replace('InvalidSignatureException', 'SignatureDoesNotMatch'), message, 403);

const answer = (body: string, status = 200): Answer => ({ status, headers: { 'content-type': 'text/xml' }, body });
