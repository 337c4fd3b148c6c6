import type { EventField } from '../../../engine/model/event.js';
import type { CompletedCommand, CompletedFlag } from './completed-command.js';

/** Values that one can only know by looking. */
export type WantedValues =
  | { readonly kind: 'field'; readonly field: EventField }
  | { readonly kind: ListKind }
  | { readonly kind: 'files'; readonly prefix: string };

type ListKind = 'fields' | 'contexts' | 'stories' | 'searches';

/** Flags whose values are those of a field of what is stored. */
const FIELD_FLAGS: Readonly<Record<string, EventField>> = {
  service: 'service',
  type: 'type',
  module: 'module',
  host: 'host',
  node: 'node',
  pod: 'pod',
  container: 'container',
  operation: 'operation',
  provider: 'provider',
};

/** Commands whose words are not only files. */
const ARG_VALUES: Readonly<Record<string, ListKind>> = {
  'query:values': 'fields',
  'query:logs': 'searches',
  'query:saved:rm': 'searches',
  'context:use': 'contexts',
  'context:show': 'contexts',
  'scenario:run': 'stories',
};

/** Commands that read files. */
const FILE_ARGS = ['ingest', 'scenario:run', 'scenario:validate', 'scenario:report', 'sql'];

/** What has to be looked up to complete the value of a flag. */
export function valuesOfFlag(name: string, flag: CompletedFlag, prefix: string): WantedValues[] {
  if (name === 'context') return [{ kind: 'contexts' }];
  const field = FIELD_FLAGS[name];
  if (field !== undefined) return [{ kind: 'field', field }];
  const isFile = flag.helpValue === 'FILE' || flag.helpValue === 'DIR';
  return isFile ? [{ kind: 'files', prefix }] : [];
}

/** What has to be looked up to complete a word of a command. */
export function valuesOfArgs({ id }: CompletedCommand, prefix: string): WantedValues[] {
  const kind = ARG_VALUES[id];
  return [
    ...(kind === undefined ? [] : [{ kind }]),
    ...(FILE_ARGS.includes(id) ? [{ kind: 'files', prefix } as const] : []),
  ];
}
