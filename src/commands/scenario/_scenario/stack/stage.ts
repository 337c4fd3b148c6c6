import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { atbdHome, type AtbdHome } from '../../../_cli/atbd-home.js';
import { purgeHome } from '../../../_cli/stack/home-folder.js';

/** The folder that a story is played in: its stack, and the logs when somebody needs them. */
export class Stage {
  readonly folder: string;
  readonly home: AtbdHome;

  private constructor(folder: string) {
    this.folder = folder;
    this.home = atbdHome({ ATBD_HOME: join(folder, 'home') });
  }

  /** Below `parent`, by default where the machine keeps temporary files. */
  static async make(name: string, parent: string | undefined): Promise<Stage> {
    const root = parent === undefined ? tmpdir() : resolve(parent);
    await mkdir(root, { recursive: true });
    return new Stage(await mkdtemp(join(root, `atbd-story-${name}-`)));
  }

  /** A folder for the log files of real services, among those of the stack's parts. */
  async makeServiceLogs(): Promise<string> {
    const folder = join(this.home.log, 'services');
    await mkdir(folder, { recursive: true });
    return folder;
  }

  /** Copies the log of every part to a place that outlives the stack. */
  async keepLogs(): Promise<string> {
    const folder = join(this.folder, 'log');
    await cp(this.home.log, folder, { recursive: true });
    for (const part of await readdir(this.home.data).catch(() => [])) {
      const serverLog = join(this.home.data, part, 'server.log');
      await cp(serverLog, join(folder, `${part}-server.log`)).catch(() => undefined);
    }
    return folder;
  }

  /** Deletes the stack, and the folder unless something was kept in it. */
  async clear({ keepFolder }: { readonly keepFolder: boolean }): Promise<void> {
    await purgeHome(this.home);
    if (!keepFolder) await rm(this.folder, { recursive: true, force: true });
  }
}
