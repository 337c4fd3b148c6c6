import type { Readable } from 'node:stream';

/** So much may wait for whoever reads slowly; then the server waits, too. */
const WAITING_BYTES_MAX = 4 * 1024 ** 2;

/** Gives what has come; undefined at the end. */
export interface ChunkReader {
  next(): Promise<Buffer | undefined>;
}

/**
 * Reads a stream to its last byte, also where it is cut: node drops what it has not given out yet when a connection breaks,
 * and the server's words about why are the last that come. So chunks are taken as soon as they are there, up to a limit, and
 * while nothing is taken nothing is read from the connection.
 */
export function readChunks(stream: Readable): ChunkReader {
  const waiting: Buffer[] = [];
  let waitingBytes = 0;
  let ending: { readonly error: Error | undefined } | undefined;
  let wake: () => void = () => undefined;
  const endWith = (error: Error | undefined): void => {
    ending ??= { error };
    wake();
  };
  stream.on('data', (chunk: Buffer) => {
    waiting.push(chunk);
    waitingBytes += chunk.length;
    if (waitingBytes >= WAITING_BYTES_MAX) pause(stream);
    wake();
  });
  stream.on('end', () => {
    endWith(undefined);
  });
  stream.on('error', endWith);
  stream.on('close', () => {
    endWith(new Error('the connection was closed'));
  });
  return {
    async next() {
      while (waiting.length === 0 && ending === undefined) {
        await new Promise<void>((resolve) => (wake = resolve));
      }
      if (waiting.length > 0) {
        const taken = Buffer.concat(waiting.splice(0));
        waitingBytes = 0;
        if (stream.isPaused()) resume(stream);
        return taken;
      }
      if (ending?.error !== undefined) throw ending.error;
      return undefined;
    },
  };
}

/** An answer of HTTP knows its connection; a stream of a test has none. */
function socketOf(stream: Readable): Readable | undefined {
  return 'socket' in stream ? (stream.socket as Readable) : undefined;
}

function pause(stream: Readable): void {
  stream.pause();
  socketOf(stream)?.pause();
}

function resume(stream: Readable): void {
  stream.resume();
  socketOf(stream)?.resume();
}
