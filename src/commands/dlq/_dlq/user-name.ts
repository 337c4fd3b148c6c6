import { userInfo } from 'node:os';

/** Who runs this, for the record; by number where the system has no name, as in some containers. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
