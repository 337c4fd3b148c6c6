import { grouped } from '../../_cli/ingest/ingest-progress.js';

/** Slow enough to be read. */
const SHOW_MS = 500;

/** Shows on a terminal how far the log has come, on one line; nothing elsewhere, or when the terminal shows the log itself. */
export function startCount(
  counts: { readonly lineCount: number; readonly byteCount: number },
  { isShown }: { readonly isShown: boolean },
): Disposable {
  if (!isShown || !process.stderr.isTTY) return { [Symbol.dispose]: () => undefined };
  const timer = setInterval(() => {
    const { lineCount, byteCount } = counts;
    const text = `${grouped(lineCount)} lines · ${grouped(Math.round(byteCount / 1e6))} MB`;
    process.stderr.write(`\r\u001b[K${text}`);
  }, SHOW_MS);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      process.stderr.write('\r\u001b[K');
    },
  };
}
