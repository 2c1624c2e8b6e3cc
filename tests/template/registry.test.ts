import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';

const project = join(import.meta.dirname, '../..');
const readText = (path: string) => readFileSync(join(project, path), 'utf8');

describe('the table of the registry', () => {
  const text = readText('infrastructure/registry.yml');
  const { Registry } = parse(text).Resources;

  it('has a literal name without stage and prefix, so that CloudFormation refuses a second deployment and can import it', () => {
    assert.equal(Registry.Properties.TableName, 'msk-atlas-privatelink-registry');
    // Neither a variable of Serverless nor an intrinsic of CloudFormation.
    assert.doesNotMatch(JSON.stringify(Registry), /\$\{|"Ref"|"Fn::/);
  });

  it('outlives its stack and its replacement, but not a creation that fails', () => {
    assert.equal(Registry.DeletionPolicy, 'RetainExceptOnCreate');
    assert.equal(Registry.UpdateReplacePolicy, 'Retain');
  });

  it('can be restored to any second, and is billed by request', () => {
    assert.deepEqual(Registry.Properties.PointInTimeRecoverySpecification, { PointInTimeRecoveryEnabled: true });
    assert.equal(Registry.Properties.BillingMode, 'PAY_PER_REQUEST');
  });

  it('has one item for each cluster', () => {
    assert.deepEqual(Registry.Properties.KeySchema, [{ AttributeName: 'clusterArn', KeyType: 'HASH' }]);
    assert.deepEqual(Registry.Properties.AttributeDefinitions, [{ AttributeName: 'clusterArn', AttributeType: 'S' }]);
  });
});

/** Every way to read from DynamoDB. */
const reads =
  /\bnew (?:GetItem|BatchGetItem|Query|Scan|TransactGetItems|ExecuteStatement)Command\(|\bpaginate\w+\(\s*\{ client: this\.#dynamodb/g;

/**
 * The functions and methods of a source file, by their first line, that read from DynamoDB without `ConsistentRead: true`. By default, a
 * read may return an older item, and name a wrong holder. DynamoDB emulators don't show this.
 */
function inconsistentReads(source: string): string[] {
  const parts = source.split(/^(?: {2})?\}.*$/m).map((part) => part.trim());
  const count = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].length;
  return parts
    .filter((part) => count(part, reads) > count(part, /\bConsistentRead: true\b/g))
    .map((part) => part.split('\n')[0] ?? '');
}

describe('a read of the registry', () => {
  it('is consistent, wherever the code that deploys reads it', () => {
    const files = globSync(['shared/**/*.ts', 'functions/**/*.ts'], { cwd: project });
    assert.ok(files.some((file) => [...readText(file).matchAll(reads)].length > 0));
    for (const file of files) assert.deepEqual(inconsistentReads(readText(file)), [], file);
  });

  it('is found if it is not consistent', () => {
    const method = (body: string) => `export class Registry {\n  async read() {\n    ${body}\n  }\n}\n`;
    for (const [body, isConsistent] of [
      ['new GetItemCommand({ TableName, Key, ConsistentRead: true });', true],
      ['const query = { ConsistentRead: true };\n    paginateScan({ client: this.#dynamodb }, query);', true],
      ['new UpdateItemCommand({ TableName });', true],
      ['new GetItemCommand({ TableName, Key });', false],
      ['new GetItemCommand({ TableName, Key, ConsistentRead: false });', false],
      ['new ScanCommand({ TableName });', false],
      ['paginateScan({ client: this.#dynamodb }, { TableName });', false],
      ['new GetItemCommand({ ConsistentRead: true });\n    new ScanCommand({ TableName });', false],
    ] as const)
      assert.equal(inconsistentReads(method(body)).length === 0, isConsistent, body);
  });
});
