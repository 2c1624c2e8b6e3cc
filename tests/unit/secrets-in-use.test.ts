import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { AwsRefused } from '../../shared/errors.ts';
import { blotOut, forgetPasswords, useCredentials, usePassword, withoutSecrets } from '../../shared/secrets/in-use.ts';

afterEach(forgetPasswords);

const escapeJson = (text: string) => JSON.stringify(text).slice(1, -1);
const escapeNonAscii = (text: string) =>
  escapeJson(text).replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
const lowerCase = (text: string) => encodeURIComponent(text).replace(/%../g, (it) => it.toLowerCase());
const form = (text: string) => new URLSearchParams({ p: text }).toString().slice(2);
const base64 = (text: string) => Buffer.from(text).toString('base64');

const names: Record<string, string> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": '#39' };
const html = (text: string) => text.replace(/[&<>"']/g, (it) => `&${names[it]};`);
const numbers = (text: string) => text.replace(/[&<>"']/g, (it) => `&#x00${it.charCodeAt(0).toString(16)};`);

const spellings: Record<string, (text: string) => string> = {
  'as it is': (text) => text,
  'escaped for JSON': escapeJson,
  'escaped for JSON twice': (text) => escapeJson(escapeJson(text)),
  'escaped for JSON in ASCII': escapeNonAscii,
  'escaped for JSON in ASCII twice': (text) => escapeJson(escapeNonAscii(text)),
  'escaped for JSON with slashes': (text) => escapeJson(text).replaceAll('/', '\\/'),
  'escaped for a URL': encodeURIComponent,
  'escaped for a URL in lower case': lowerCase,
  'escaped for a URL twice': (text) => encodeURIComponent(encodeURIComponent(text)),
  'escaped for a form': form,
  'escaped for a form twice': (text) => form(form(text)),
  'escaped for a URL and for JSON': (text) => escapeJson(encodeURIComponent(text)),
  'escaped for JSON and for a URL': (text) => encodeURIComponent(escapeJson(text)),
  'escaped for JSON in ASCII and for a URL': (text) => encodeURIComponent(escapeNonAscii(text)),
  'escaped for HTML': html,
  'escaped for HTML by numbers': numbers,
  'escaped for HTML twice': (text) => html(html(text)),
  'escaped for HTML and for JSON in ASCII': (text) => html(text).replaceAll('&', '\\u0026'),
  'escaped for HTML and for a URL': (text) => encodeURIComponent(html(text)),
  'in Base64': base64,
  'in Base64 for URLs': (text) => Buffer.from(text).toString('base64url'),
  'in Base64, escaped for a URL': (text) => encodeURIComponent(base64(text)),
};

describe('a secret in use', () => {
  const passwords = [
    'hunter22',
    'p"a\\s/s+wörd %25',
    '\\\\"\\\\x',
    'two  spaces',
    '😀 emoji',
    "it's (a) [b] {c} ^$.*?|",
    '%41%42%43',
    `a&b<c>d"e'&amp;`,
    'line\nbreak\ttab\r\b\f\u0001\u2028',
    'p"a\\s/s+wörd'.repeat(5_000),
  ];
  for (const [how, spell] of Object.entries(spellings))
    it(`is blotted out ${how}`, () => {
      for (const password of passwords) {
        usePassword(password);
        assert.equal(withoutSecrets(`before ${spell(password)}; after`), 'before ***; after', password);
        assert.equal(withoutSecrets(`"x${spell(password)}y${spell(password)}"`), '"x***y***"', password);
        forgetPasswords();
      }
    });

  it('may have any length, and nothing else is blotted out', () => {
    for (const length of [1, 5, 6, 7, 148, 149, 150, 199, 200, 201, 202, 399, 401, 60_001]) {
      const password = Array.from({ length }, (_, i) => 'aZ-9/+é"'[(i * i + i) % 8]).join('');
      usePassword(password);
      const text = `The word = is no part. ${password} Nor is this.`;
      assert.equal(withoutSecrets(text), 'The word = is no part. *** Nor is this.', String(length));
      assert.equal(withoutSecrets('Nothing is here, xYQz.'), 'Nothing is here, xYQz.');
      forgetPasswords();
    }
  });

  it('may be one long run of backslashes', () => {
    const password = '\\'.repeat(60_000);
    usePassword(password);
    assert.equal(withoutSecrets(`"${password}"`), '"***"');
  });

  it('may be a text that is not well formed', () => {
    usePassword('hunter22\ud800');
    assert.equal(withoutSecrets('"hunter22\ud800"'), '"***"');
    assert.equal(withoutSecrets('"hunter22\\ud800"'), '"***"');
  });

  it('of fewer than six characters is blotted out as a word of its own, so that texts stay readable', () => {
    usePassword('a1');
    assert.equal(withoutSecrets('a1 "a1" password=a1, data1 a10'), '*** "***" password=***, data1 a10');
  });

  it('is blotted out as a whole if another one is a part of it', () => {
    usePassword('secret-part');
    usePassword('the-secret-part-and-more');
    assert.equal(withoutSecrets('the-secret-part-and-more secret-part'), '*** ***');
  });

  it('is blotted out although it is not known if it looks like a secret or a token of a service account', () => {
    const [secret, token] = ['mdb_sa_sk_0f1e2d3c4b5a', 'eyJhbGciOiJFUzUxMiJ9.eyJzdWIiOiJtZGJfc2EifQ.c2lnbmF0dXJl'];
    assert.equal(withoutSecrets(`"${secret}", Bearer ${token}; mdb_sa_sk_…`), '"***", Bearer ***; mdb_sa_sk_…');
  });

  it('is blotted out in upper and lower case if it is a UUID or a hexadecimal number', () => {
    for (const key of ['3fa5c1d2-a1b2-4c3d-8e9f-0123456789ab', '0F1E2D3C4B5A69788796A5B4C3D2E1F0']) {
      useCredentials(key);
      assert.equal(withoutSecrets(`${key} ${key.toUpperCase()} ${key.toLowerCase()}`), '*** *** ***');
    }
    usePassword('Decade22');
    assert.equal(withoutSecrets('decade22 Decade22'), 'decade22 ***', 'a password may be a word');
  });

  it('may be empty, which changes nothing', () => {
    usePassword('');
    assert.equal(withoutSecrets('some text'), 'some text');
  });

  it('is forgotten after the invocation if it is a password, and kept if it is a credential of Atlas', () => {
    usePassword('password-1');
    useCredentials('credential-1');
    forgetPasswords();
    assert.equal(withoutSecrets('password-1 credential-1'), 'password-1 ***');
  });

  it('takes no time to search for, whatever the text', () => {
    usePassword('\\"\\"pp%%\\');
    usePassword('&&&amp;&&&amp;&a<<');
    const start = performance.now();
    for (const text of ['&amp;', '&', '\\', '%25', '\\"', 'p\\', '%', '\\u0022', '"\\\\'])
      assert.ok(withoutSecrets(text.repeat(1_000_000 / text.length)).length > 0);
    assert.ok(performance.now() - start < 30_000);
  });

  it('is blotted out in every property of an error, its stack and its causes', () => {
    usePassword('hunter22');
    const cause = Object.assign(new Error('low hunter22', { cause: 'hunter22' }), {
      $response: { body: { text: 'hunter22', list: ['hunter22'] } },
      'key-hunter22': 1,
    });
    const error = new AwsRefused('top hunter22', { code: 'hunter22', said: 'hunter22 said', cause });
    Object.assign(error, { itself: error });
    blotOut(error);
    assert.equal(error.message, 'top ***');
    assert.match(error.stack ?? '', /^\w+: top \*\*\*\n +at /);
    assert.deepEqual([error.code, error.said, error.name], ['***', '*** said', 'AwsRefused']);
    assert.deepEqual(
      [cause.message, cause.cause, cause.$response],
      ['low ***', '***', { body: { text: '***', list: ['***'] } }],
    );
    assert.ok(!JSON.stringify(Object.entries(cause)).includes('hunter22'));
  });

  it('is blotted out although an error is frozen or has getters', () => {
    usePassword('hunter22');
    const odd = Object.defineProperty(new Error('x'), 'got', {
      enumerable: true,
      configurable: true,
      get: () => 'hunter22',
    });
    blotOut(odd);
    assert.ok(!JSON.stringify({ ...odd }).includes('hunter22'));
    blotOut(Object.freeze(new Error('frozen')));
    blotOut(undefined);
  });
});
