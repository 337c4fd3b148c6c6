import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readChunks } from './chunk-reader.js';

const MEBIBYTE = Buffer.alloc(1024 ** 2, 'x');

describe('a stream that is cut', () => {
  it('is read to its last byte before the error', async () => {
    const stream = new Readable({ read: () => undefined });
    const chunks = readChunks(stream);
    stream.push('a');
    stream.push('b');
    expect((await chunks.next())?.toString()).toBe('ab');
    stream.push('the server says why');
    // As it is when the connection breaks right behind the last bytes.
    await new Promise((resolve) => setImmediate(resolve));
    stream.destroy(new Error('aborted'));
    expect((await chunks.next())?.toString()).toBe('the server says why');
    await expect(chunks.next()).rejects.toThrow('aborted');
  });

  it('is an error also where nobody says why', async () => {
    const stream = new Readable({ read: () => undefined });
    const chunks = readChunks(stream);
    stream.destroy();
    await expect(chunks.next()).rejects.toThrow('the connection was closed');
  });
});

describe('a whole stream', () => {
  it('ends, and waits for whoever reads slowly', async () => {
    let count = 0;
    const stream = new Readable({
      read() {
        count += 1;
        this.push(count > 100 ? null : MEBIBYTE);
      },
    });
    const chunks = readChunks(stream);
    let bytes = 0;
    for (;;) {
      // Whatever could come by itself has come.
      for (let turn = 0; turn < 50; turn += 1)
        await new Promise((resolve) => setImmediate(resolve));
      const chunk = await chunks.next();
      if (chunk === undefined) break;
      expect(chunk.length).toBeLessThanOrEqual(6 * MEBIBYTE.length);
      bytes += chunk.length;
    }
    expect(bytes).toBe(100 * MEBIBYTE.length);
  });
});
