import * as Flags from '@oclif/core/flags';
import { parseFilter, type FilterInput } from '../../engine/filter/filter.js';
import type { Filter } from '../../engine/model/filter.js';

const HELP_GROUP = 'FILTER';

function anyOf(summary: string) {
  return Flags.string({
    summary,
    multiple: true,
    // Not greedy: otherwise the words after the flag would be its values.
    multipleNonGreedy: true,
    delimiter: ',',
    helpGroup: HELP_GROUP,
  });
}

/** The flags by which logs are chosen, the same for every command that shows some. */
export const filterFlags = {
  level: Flags.string({
    summary: 'Levels: warn+ (and above), or a list such as info,error.',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: HELP_GROUP,
  }),
  service: anyOf('Services, by name.'),
  type: anyOf('Types of event, such as payment.attempt.'),
  module: anyOf('Modules (logger names).'),
  host: anyOf('Hosts.'),
  node: anyOf('Kubernetes nodes.'),
  pod: anyOf('Pods.'),
  container: anyOf('Containers.'),
  source: Flags.string({
    summary: 'Source file, or its last path segments, with or without the line.',
    helpValue: 'FILE[:LINE]',
    helpGroup: HELP_GROUP,
  }),
  operation: anyOf('Operations, such as buy or refund.'),
  provider: anyOf('External providers.'),
  user: anyOf('Users, by ID.'),
  field: Flags.string({
    char: 'f',
    summary: 'Any field or attrs key: key=value, key!=value, key~=regex, or key? (has a value).',
    helpValue: 'CONDITION',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: HELP_GROUP,
  }),
  where: Flags.string({
    summary:
      'Condition in CEL, for example \'duration_ms > 2000 && level >= "warn"\'; given more than once, all must hold.',
    helpValue: 'CEL',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: HELP_GROUP,
  }),
};

/** What oclif makes of `filterFlags`. */
export interface ParsedFilterFlags {
  readonly level: string[] | undefined;
  readonly service: string[] | undefined;
  readonly type: string[] | undefined;
  readonly module: string[] | undefined;
  readonly host: string[] | undefined;
  readonly node: string[] | undefined;
  readonly pod: string[] | undefined;
  readonly container: string[] | undefined;
  readonly source: string | undefined;
  readonly operation: string[] | undefined;
  readonly provider: string[] | undefined;
  readonly user: string[] | undefined;
  readonly field: string[] | undefined;
  readonly where: string[] | undefined;
}

/** What the parsed flags and the command's words ask of an event; rejects with USAGE_INVALID. */
export async function readFilter(
  flags: ParsedFilterFlags,
  words: readonly string[],
): Promise<Filter> {
  const filter = parseFilter(toFilterInput(flags, words));
  if (flags.where === undefined) return filter;
  // Loaded only for who uses it: the language costs 40 ms of start.
  const { compileWhere } = await import('../../engine/filter/where/compile-where.js');
  const conditions = flags.where.map((text) => compileWhere(text, { flag: '--where' }));
  return { kind: 'all', parts: [filter, ...conditions] };
}

function toFilterInput(flags: ParsedFilterFlags, words: readonly string[]): FilterInput {
  return {
    words,
    levels: flags.level ?? [],
    anyOf: {
      service: flags.service ?? [],
      type: flags.type ?? [],
      module: flags.module ?? [],
      host: flags.host ?? [],
      node: flags.node ?? [],
      pod: flags.pod ?? [],
      container: flags.container ?? [],
      operation: flags.operation ?? [],
      provider: flags.provider ?? [],
      user_id: flags.user ?? [],
    },
    ...(flags.source === undefined ? {} : { source: flags.source }),
    conditions: flags.field ?? [],
  };
}
