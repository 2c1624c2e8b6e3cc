import { TransientError } from '../../shared/errors.ts';

/** Only a time-out takes so long. */
const silenceMs = 2_500;

/**
 * A client that makes each call once for the same arguments: later calls get the same answer. So what several checks or several clusters
 * need is read once. After a call that a service has not answered in time, no other call is made: a person waits for them. For clients
 * that are used only to read.
 *
 * @param now milliseconds
 */
export function readOnce<Client extends object>(client: Client, now = () => performance.now()): Client {
  const answers = new Map<string, unknown>();
  let silence: unknown;
  const noteSilence = async (answer: Promise<unknown>, begin: number) => {
    await answer.catch((error: unknown) => {
      if (error instanceof TransientError && now() - begin > silenceMs) silence ??= error;
    });
  };
  return new Proxy(client, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        const call = JSON.stringify([name, ...args]);
        if (!answers.has(call)) {
          const begin = now();
          const answer: unknown = silence === undefined ? member.apply(target, args) : Promise.reject(silence);
          if (answer instanceof Promise) void noteSilence(answer, begin);
          answers.set(call, answer);
        }
        return answers.get(call);
      };
    },
  });
}
