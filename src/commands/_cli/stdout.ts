import { once } from 'node:events';

/** Writes to stdout and waits until it has room again, so that a slow reader slows us down and memory stays bounded. */
export async function writeStdout(text: string): Promise<void> {
  if (text === '' || process.stdout.write(text)) return;
  await once(process.stdout, 'drain');
}
