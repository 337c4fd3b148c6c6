import type { Terminal } from '../terminal.js';
import { textTable } from '../text-table.js';
import { schemaMembers } from './schema-members.js';
import type { DescribedCommand, Description } from './output/describe-output.js';

/** For a person: one command with the members of its JSON, or what there is. */
export function drawDescription({ commands }: Description, terminal: Terminal): string {
  const [only] = commands;
  return only !== undefined && commands.length === 1
    ? drawCommand(only, terminal)
    : drawList(commands, terminal);
}

function drawList(
  commands: readonly DescribedCommand[],
  { paint, width, isTerminal }: Terminal,
): string {
  const head = ['COMMAND', 'JSON', 'WHAT IT DOES'].map((name) => paint('dim', name));
  const rows = commands.map(({ command, output, summary }) => [command, output ?? '', summary]);
  return textTable([head, ...rows], isTerminal ? width : undefined);
}

function drawCommand(
  { command, summary, output, schema }: DescribedCommand,
  { paint, width, isTerminal }: Terminal,
): string {
  const title = `${paint('bold', command)}  ${summary}`;
  if (schema === null) return `${title}\nPrints text only.`;
  const what = output === 'lines' ? 'Each line of its JSON' : 'Its JSON';
  const rows = schemaMembers(schema).map(({ path, type, summary: about }) => [
    path,
    paint('dim', type),
    about,
  ]);
  const table = textTable(rows, isTerminal ? width : undefined);
  return `${title}\n${what} (--json prints its schema):\n${table}`;
}
