import type { Command, Config } from '@oclif/core';
import { z } from 'zod';
import { ERRORS, type ErrorCode } from '../../../engine/model/error.js';
import type { DescribedCommand, DescribedFlag, Description } from './output/describe-output.js';
import { LINE_OUTPUTS, OUTPUTS } from './outputs.js';

/** Commands by id, in alphabetical order: what they take and what they print. Hidden ones are left out. */
export function describeCommands(
  config: Pick<Config, 'bin' | 'version'>,
  commands: readonly Command.Loadable[],
): Description {
  return {
    name: config.bin,
    version: config.version,
    commands: commands
      .filter(({ hidden }) => !hidden)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .map((command) => describeCommand(command, config.bin)),
    errors: (Object.keys(ERRORS) as ErrorCode[]).map((code) => ({ code, ...ERRORS[code] })),
  };
}

function describeCommand(command: Command.Loadable, bin: string): DescribedCommand {
  const { id, summary = '', description, examples = [], args, flags, strict } = command;
  const typed = commandWords(id);
  const fill = (text: string): string =>
    text.replaceAll('<%= config.bin %>', bin).replaceAll('<%= command.id %>', typed);
  const schema = OUTPUTS[id] ?? LINE_OUTPUTS[id];
  return {
    command: typed,
    summary: fill(summary),
    description: description === undefined ? null : fill(description),
    examples: examples.map((example) =>
      fill(typeof example === 'string' ? example : example.command),
    ),
    args: Object.values(args).map(({ name, description: about = '', required, options }) => ({
      name,
      summary: fill(about),
      required: required === true,
      options: options === undefined ? null : [...options],
    })),
    hasMoreArgs: strict === false,
    flags: Object.values(flags)
      .filter(({ hidden }) => hidden !== true)
      .map((flag) => describeFlag(flag, fill)),
    output: id in OUTPUTS ? 'document' : id in LINE_OUTPUTS ? 'lines' : null,
    schema: schema === undefined ? null : publishedSchema(schema),
  };
}

/** As a person types it. */
export function commandWords(id: string): string {
  return id.replaceAll(':', ' ');
}

function describeFlag(flag: Command.Flag.Cached, fill: (text: string) => string): DescribedFlag {
  const { name, char, summary, description, required, env } = flag;
  const value = flag.type === 'option' ? flag.helpValue : undefined;
  const options = flag.type === 'option' ? flag.options : undefined;
  return {
    name,
    char: char ?? null,
    type: flag.type,
    summary: fill(summary ?? description ?? ''),
    description: summary === undefined || description === undefined ? null : fill(description),
    value: value === undefined ? null : [value].flat().join(' '),
    options: options === undefined ? null : [...options],
    default: typeof flag.default === 'function' ? null : ((flag.default as unknown) ?? null),
    multiple: flag.type === 'option' && flag.multiple === true,
    required: required === true,
    env: env ?? null,
  };
}

/** As JSON Schema. It allows more members than it names: a later version may say more. */
export function publishedSchema(schema: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(schema, {
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
}
