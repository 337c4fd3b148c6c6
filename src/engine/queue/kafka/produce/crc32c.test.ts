import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { crc32c } from './crc32c.js';

// kafkajs's own, byte by byte, is the oracle.
const kafkajsCrc32c = createRequire(import.meta.url)('kafkajs/src/protocol/recordBatch/crc32C') as (
  bytes: Buffer,
) => number;

it.each([
  ['nothing', Buffer.alloc(0), 0],
  ['the digits of the standard', Buffer.from('123456789'), 0xe3069283],
  ['32 zeros (RFC 3720)', Buffer.alloc(32), 0x8a9136aa],
  ['32 ones (RFC 3720)', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['0 to 31 (RFC 3720)', Buffer.from(Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e],
])('knows %s', (_what, bytes, checksum) => {
  expect(crc32c(bytes)).toBe(checksum);
});

it('says what kafkajs says, of any bytes at any place of memory', () => {
  const bytes = fc.uint8Array({ maxLength: 200 });
  fc.assert(
    fc.property(bytes, fc.nat({ max: 20 }), (array, skipped) => {
      const part = Buffer.from(array).subarray(skipped);
      expect(crc32c(part)).toBe(kafkajsCrc32c(part) >>> 0);
    }),
  );
});
