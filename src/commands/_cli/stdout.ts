import { once } from 'node:events';

/** Writes to stdout and waits until it has room again, so that a slow reader slows us down and memory stays bounded. */
export async function writeStdout(text: string | Buffer, signal?: AbortSignal): Promise<void> {
  if (text.length === 0 || process.stdout.write(text)) return;
  // A reader that takes no more must not hold up who wants to stop.
  await once(process.stdout, 'drain', signal && { signal });
}
