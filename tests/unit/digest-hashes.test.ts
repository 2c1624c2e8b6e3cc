import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import hashes from '../../packaging/digest-hashes.ts';

suite('the hashes in the bundles', () => {
  test('are those of RFC 1321 and FIPS 180-4', () => {
    assert.equal(hashes('abc'), '900150983cd24fb0d6963f7d28e17f72');
    assert.equal(hashes.sha256('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    assert.equal(hashes.sha512_256('abc'), '53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23');
    assert.equal(hashes.encode('user:key'), 'dXNlcjprZXk=');
  });

  test('read a text as UTF-8', () => {
    assert.equal(hashes('ü'), 'c03410a5204b21cd8229ff754688d743');
  });
});
