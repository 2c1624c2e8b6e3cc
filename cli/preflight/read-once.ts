import { TransientError } from '../../shared/errors.ts';

/** Only a time-out takes so long. */
const silenceMs = 2_500;

/**
 * A client that makes each call once for the same arguments: later calls get the same answer. So what several checks or several clusters
 * need is read once. After a call that a service has not answered in time, no other call is made: a person waits for them. For clients
 * that are used only to read.
 */
export function readOnce<Client extends object>(client: Client): Client {
  const answers = new Map<string, unknown>();
  let silence: unknown;
  const noteSilence = async (answer: Promise<unknown>) => {
    const begin = performance.now();
    await answer.catch((error: unknown) => {
      if (error instanceof TransientError && performance.now() - begin > silenceMs) silence ??= error;
    });
  };
  return new Proxy(client, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        const call = JSON.stringify([name, ...args]);
        if (!answers.has(call)) {
          const answer: unknown = silence === undefined ? member.apply(target, args) : Promise.reject(silence);
          if (answer instanceof Promise) void noteSilence(answer);
          answers.set(call, answer);
        }
        return answers.get(call);
      };
    },
  });
}
