import { createHash } from 'node:crypto';

/**
 * Stands in for `md5`, `js-sha256`, `js-sha512` and `base-64` in the bundles: digest-fetch brings four implementations in
 * JavaScript of what Node has built in, an eighth of a bundle.
 */
const hash = (algorithm: string) => (text: string) => createHash(algorithm).update(text).digest('hex');

export default Object.assign(hash('md5'), {
  sha256: hash('sha256'),
  sha512_256: hash('sha512-256'),
  encode: (text: string) => Buffer.from(text, 'latin1').toString('base64'),
});
