import { JsonCodec2 } from '@smithy/core/protocols';
import { NormalizedSchema } from '@smithy/core/schema';
import type { Request } from './emulator.ts';

/** What the emulators of AWS services share: the AWS SDK's JSON codec, signatures, and IAM. */

type Schema = Parameters<ReturnType<JsonCodec2['createSerializer']>['write']>[0];

/** The default timestamp format is epoch seconds (7), as in the SDK's JSON protocols. */
const codec = new JsonCodec2({ jsonName: true, timestampFormat: { useTrait: true, default: 7 } });

/** Converts a value of the SDK, in PascalCase, to JSON as it is sent. */
export function encode(schema: Schema, value: object): string {
  const serializer = codec.createSerializer();
  serializer.write(schema, value);
  return new TextDecoder().decode(serializer.flush());
}

/** Converts JSON as it is sent to a value of the SDK, in PascalCase. */
export function decode(schema: Schema, json: string): Promise<Record<string, unknown>> {
  return Promise.resolve(codec.createDeserializer().read(schema, json));
}

/**
 * What in a body has another JSON type than the schema. Members that the schema does not have are ignored. Assumed: a null is refused,
 * also for a member that may be missing.
 *
 * @returns such as `name must be a string.`; undefined if there is nothing
 */
export function wrongType(schema: Schema | NormalizedSchema, value: unknown, path = ''): string | undefined {
  const type = NormalizedSchema.of(schema);
  const fault = (what: string) => `${path || 'the body'} must be ${what}.`;
  const within = (parts: [string, NormalizedSchema, unknown][]) => {
    for (const [name, part, it] of parts) {
      const found = wrongType(part, it, path ? `${path}.${name}` : name);
      if (found) return found;
    }
    return undefined;
  };
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (type.isListSchema())
    return Array.isArray(value)
      ? within(value.map((item, index) => [String(index), type.getValueSchema(), item]))
      : fault('a list');
  if (type.isMapSchema())
    return isObject
      ? within(Object.entries(value).map(([key, it]) => [key, type.getValueSchema(), it]))
      : fault('an object');
  if (type.isStructSchema()) {
    if (!isObject) return fault('an object');
    const members = [...type.structIterator()].map(([member, part]): [string, NormalizedSchema] => [
      part.getMergedTraits().jsonName ?? member,
      part,
    ]);
    const given = members.filter(([name]) => name in value);
    return within(given.map(([name, part]) => [name, part, (value as Record<string, unknown>)[name]]));
  }
  if (type.isStringSchema() && typeof value !== 'string') return fault('a string');
  if (type.isNumericSchema() && typeof value !== 'number') return fault('a number');
  if (type.isBooleanSchema() && typeof value !== 'boolean') return fault('a Boolean');
  return undefined;
}

/** The parts of a request that IAM condition keys are derived from. */
export interface AuthorizationContext {
  /** `aws:TagKeys` */
  tagKeys?: string[] | undefined;
  /** `kafka:publicAccessEnabled`; undefined if the request does not set public access. */
  publicAccessEnabled?: boolean | undefined;
  /** `aws:ResourceTag/<key>`, of the resource */
  resourceTags?: Record<string, string> | undefined;
  /** `kms:EncryptionContext:SecretARN` */
  secretArn?: string | undefined;
}

/**
 * The IAM of the local cloud. `resource` is undefined if the service authorization reference lists no resource type for the
 * action. Only a statement on `*` can allow such an action.
 */
export type Authorize = (
  caller: string,
  action: string,
  resource: string | undefined,
  context: AuthorizationContext,
) => boolean;

export function accessDeniedMessage(caller: string, action: string, resource = '*'): string {
  return (
    `User: ${caller} is not authorized to perform: ${action} on resource: ${resource} ` +
    `because no identity-based policy allows the ${action} action`
  );
}

/**
 * The access key id that signed the request. The signature is not verified, because the emulators have no secret keys. Reported, for
 * the APIs that speak JSON: the error of a wrong Region (aws/aws-sdk-js #4545, fsouza/s3-upload-proxy #241).
 *
 * @param region of the endpoint
 */
export function signedBy(
  request: Request,
  service: string,
  refuse: (name: string, message: string) => Error,
  region = 'us-east-1',
): string {
  const header = request.headers.authorization ?? '';
  const scope = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request,/.exec(header);
  if (!scope) throw refuse('MissingAuthenticationTokenException', 'Missing Authentication Token');
  const [, accessKeyId = '', signedRegion, signedService] = scope;
  if (signedService !== service) {
    throw refuse('InvalidSignatureException', `Credential should be scoped to correct service: '${service}'.`);
  }
  if (signedRegion !== region) {
    throw refuse('InvalidSignatureException', `Credential should be scoped to a valid region, not '${signedRegion}'.`);
  }
  return accessKeyId;
}
