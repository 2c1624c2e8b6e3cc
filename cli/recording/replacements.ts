import { isIPv4 } from 'node:net';
import { awsRegion } from './harmless.ts';

/** How a value of a known form is replaced by another one of the same form. The first form that fits counts. */
const forms: { kind: string; pattern: RegExp; make(number: number, value: string): string }[] = [
  { kind: 'ObjectId', pattern: /^[a-f0-9]{24}$/, make: (number) => number.toString(16).padStart(24, '0') },
  { kind: 'account', pattern: /^\d{12}$/, make: (number) => String(number).padStart(12, '0') },
  {
    kind: 'uuid',
    pattern: /^[a-f0-9]{8}(-[a-f0-9]{4}){3}-[a-f0-9]{12}$/i,
    make: (number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
  },
  {
    kind: 'resource',
    pattern: /^(vpc|subnet|sg|eni|vpce|vpce-svc|pcx)-[a-f0-9]{8,17}$/,
    make: (number, value) => value.replace(/[a-f0-9]+$/, String(number).padStart(17, '0')),
  },
  { kind: 'e-mail', pattern: /^[^\s@]+@[^\s@]+\.[^\s@]+$/, make: (number) => `person-${number}@example.com` },
  {
    kind: 'block',
    pattern: /^\d+(\.\d+){3}\/\d{1,2}$/,
    make: (number, value) => `${address(number)}/${value.split('/')[1]}`,
  },
  { kind: 'address', pattern: /^\d+(\.\d+){3}$/, make: address },
  { kind: 'time', pattern: /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d)$/, make: () => '2000-01-01T00:00:00Z' },
  { kind: 'url', pattern: /^https?:\/\//, make: (number) => `https://host-${number}.example.com/` },
  { kind: 'host', pattern: /^([\w-]+\.)+[a-z]{2,}\.?$/i, make: (number) => `host-${number}.example.com` },
  { kind: 'text', pattern: /^/, make: (number) => `text-${number}` },
];

/** From a block of private addresses. */
function address(number: number): string {
  const text = `10.0.${(number >> 8) & 255}.${number & 255}`;
  return isIPv4(text) ? text : '10.0.0.0';
}

/** The words in ARNs that are not names: partition, service and kind of resource. */
const arnWords = new Set(
  [
    ['aws', 'aws-cn', 'aws-us-gov', 'kafka', 'kms', 'iam', 'sts', 'secretsmanager', 'dynamodb', 'states', 'ec2', 's3'],
    ['cluster', 'configuration', 'vpc-connection', 'topic', 'group', 'transactional-id', 'cluster-operation'],
    ['secret', 'key', 'alias', 'role', 'user', 'root', 'assumed-role', 'table', 'execution', 'stateMachine'],
  ].flat(),
);

/** @param at the part's place after `arn:` */
const isOfArn = (part: string, at: number): boolean =>
  part === '' || part === '*' || (at === 2 ? awsRegion.test(part) : [0, 1, 4].includes(at) && arnWords.has(part));

/** Replaces values, the same one by the same. Each form counts by itself, from 1. */
export class Replacements {
  readonly #known = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  /** @param value neither empty nor known to be harmless */
  of(value: string): string {
    if (value.startsWith('arn:')) return `arn:${this.#parts(value.slice(4))}`;
    const isHostList = /^[\w.-]+:\d{1,5}( *, *[\w.-]+:\d{1,5})*$/.test(value);
    if (isHostList) return value.replace(/[\w.-]+(?=:\d{1,5})/g, (host) => this.#replaced(host));
    return this.#replaced(value);
  }

  /** The parts of an ARN, each by itself: a cluster's name may stand elsewhere, too. */
  #parts(text: string): string {
    const parts = text.split(/[:/]/);
    const separators = [...text.replace(/[^:/]/g, ''), ''];
    return parts.map((part, at) => `${isOfArn(part, at) ? part : this.#replaced(part)}${separators[at]}`).join('');
  }

  #replaced(value: string): string {
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const form = forms.find(({ pattern }) => pattern.test(value));
    const number = (this.#counts.get(form?.kind ?? '') ?? 0) + 1;
    this.#counts.set(form?.kind ?? '', number);
    const replacement = form?.make(number, value) ?? '';
    this.#known.set(value, replacement);
    return replacement;
  }
}
