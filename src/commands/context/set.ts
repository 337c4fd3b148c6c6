import { Args, Flags } from '@oclif/core';
import type { Document } from 'yaml';
import { AtbdError } from '../../engine/model/error.js';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { userConfigPath } from '../_cli/atbd-home.js';
import { editUserConfig, typedValue } from '../_cli/config/edit-config.js';
import { readUserConfig } from '../_cli/config/user-config.js';
import { contextSpec } from '../_cli/context.js';

interface Edit {
  readonly path: string;
  readonly value: string;
}

export default class ContextSet extends AtbdCommand {
  static override summary = 'Make, change or delete a context in the user file.';
  static override description = `Comments in the file stay. What would not be valid is refused.
Settings: queue.kind (local, embedded, kafka, redis), queue.path, queue.brokers, queue.clientId, queue.tls,
queue.tls.caFile, queue.tls.certFile, queue.tls.keyFile, queue.tls.serverName, queue.sasl.mechanism,
queue.sasl.username, queue.sasl.passwordEnv, queue.sasl.passwordFile, queue.url, queue.username,
queue.passwordEnv, queue.passwordFile, store.kind (local, clickhouse),
store.shards, store.database, store.username, store.passwordEnv, store.passwordFile,
store.reader.username, store.reader.passwordEnv, store.reader.passwordFile, archive.url,
retention (off), journeys, deadLetters.limit (such as 10 GiB), topics (the whole list, as YAML: docs/topics.md).
Passwords are never written here: name the variable or the file that has one.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> lab --set queue.kind=kafka --set queue.brokers=k1:9092,k2:9092',
    '<%= config.bin %> <%= command.id %> production --set store.passwordFile=~/.atbd-password',
    "<%= config.bin %> <%= command.id %> lab --set 'topics=[{name: app-logs, format: json}]'",
    '<%= config.bin %> <%= command.id %> lab --delete',
  ];
  static override args = {
    name: Args.string({ required: true, description: 'Context to make or to change.' }),
  };
  static override flags = {
    set: Flags.string({ summary: 'Setting and value: path=value.', multiple: true, default: [] }),
    unset: Flags.string({ summary: 'Setting to remove.', multiple: true, default: [] }),
    delete: Flags.boolean({
      summary: 'Delete the context.',
      default: false,
      exclusive: ['set', 'unset'],
    }),
  };
  static override enableJsonFlag = true;

  async run(): Promise<{ name: string; path: string }> {
    const { args, flags } = await this.parse(ContextSet);
    if (flags.delete) await deleteContext(args.name);
    else await changeContext(args.name, flags.set.map(parseEdit), flags.unset);
    const path = userConfigPath();
    this.log(`${flags.delete ? 'Deleted' : 'Saved'} ${args.name} in ${path}`);
    return { name: args.name, path };
  }
}

function parseEdit(text: string): Edit {
  const at = text.indexOf('=');
  if (at > 0) return { path: text.slice(0, at), value: text.slice(at + 1) };
  throw new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot use --set ${JSON.stringify(text)}: it is not path=value`,
    hint: 'For example: --set queue.kind=kafka',
  });
}

async function changeContext(
  name: string,
  sets: readonly Edit[],
  unsets: readonly string[],
): Promise<void> {
  if (sets.length === 0 && unsets.length === 0) {
    throw new AtbdError({
      code: 'USAGE_INVALID',
      message: `cannot change the context ${JSON.stringify(name)} without --set or --unset`,
      hint: 'For example: --set queue.kind=kafka --set queue.brokers=k1:9092',
    });
  }
  await editUserConfig((document) => {
    for (const path of unsets) {
      const keys = ['contexts', name, ...path.split('.')];
      if (document.hasIn(keys)) document.deleteIn(keys);
    }
    // Kinds first: another kind starts its section anew, because no setting of the old one fits it.
    const isKind = ({ path }: Edit): boolean => path.endsWith('.kind');
    for (const { path, value } of sets.filter(isKind)) setKind(document, name, path, value);
    for (const { path, value } of sets.filter((edit) => !isKind(edit))) {
      setIn(document, name, path, typedValue(path, value));
    }
  });
}

function setKind(document: Document, name: string, path: string, kind: string): void {
  const keys = ['contexts', name, ...path.split('.')];
  if (document.getIn(keys) === kind) return;
  if (document.hasIn(keys.slice(0, -1))) document.deleteIn(keys.slice(0, -1));
  setIn(document, name, path, kind);
}

/** `tls: true` gives way when a setting below it is set. */
function setIn(document: Document, name: string, path: string, value: unknown): void {
  const keys = ['contexts', name, ...path.split('.')];
  for (let length = 1; length < keys.length; length++) {
    const above = keys.slice(0, length);
    const node: unknown = document.getIn(above);
    if (typeof node !== 'object') document.setIn(above, document.createNode({}));
  }
  document.setIn(keys, document.createNode(value));
}

async function deleteContext(name: string): Promise<void> {
  await contextSpec(name, 'to be deleted');
  const { current } = await readUserConfig();
  await editUserConfig((document) => {
    document.deleteIn(['contexts', name]);
    if (current === name) document.delete('current');
  });
}
