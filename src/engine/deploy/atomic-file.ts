import { open, rename } from 'node:fs/promises';

/**
 * Replaces a file as a whole: a reader sees the old text or the new one, never a part, also after
 * SIGKILL. One writer at a time. Readable by the owner only.
 */
export async function writeFileAtomically(path: string, text: string): Promise<void> {
  const next = `${path}.${process.pid}.new`;
  {
    await using file = await open(next, 'w', 0o600);
    await file.writeFile(text);
    await file.sync();
  }
  await rename(next, path);
}
