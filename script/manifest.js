// Writes oclif.manifest.json, which spares the CLI from loading every command at start.
// The `oclif` package does the same at the price of 200 packages more.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Plugin } from '@oclif/core';
import { format, resolveConfig } from 'prettier';

const root = fileURLToPath(new URL('..', import.meta.url));
const plugin = new Plugin({
  root,
  type: 'core',
  ignoreManifest: true,
  errorOnManifestCreate: true,
  respectNoCacheDefault: true,
});
await plugin.load();
const file = `${root}/oclif.manifest.json`;
await writeFile(
  file,
  await format(JSON.stringify(plugin.manifest), { ...(await resolveConfig(file)), parser: 'json' }),
);
