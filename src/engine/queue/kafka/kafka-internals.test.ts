import { createRequire } from 'node:module';
import { expect, it } from 'vitest';

it('is written against the internals of exactly this kafkajs', () => {
  const { version } = createRequire(import.meta.url)('kafkajs/package.json') as { version: string };
  expect(version).toBe('2.2.4');
});
