import { stripVTControlCharacters } from 'node:util';
import type { LineGroup } from '../../../../store/search/context.js';
import { sanitizeJson } from '../../../_cli/sanitize.js';
import type { LogFormat } from '../log-format.js';
import type { LogCanvas, LogPageEnd } from '../write/log-page.js';
import { createLogWriter } from '../write/log-writer.js';

/** Stands between two groups, as grep has it. */
const SEPARATOR = '--';

/** Before a line that was found, and before one that stands near it. */
const MARKS = { hit: ': ', context: '- ' };

export interface ContextCanvas {
  readonly format: LogFormat;
  readonly canvas: LogCanvas;
  readonly page: LogPageEnd;
}

/** Groups of lines as text for stdout: what was found is told from what stands around it in every format but raw. */
export function writeContext(
  groups: readonly LineGroup[],
  { format, canvas, page }: ContextCanvas,
): string {
  switch (format) {
    case 'json':
      return contextJson(groups, page);
    case 'ndjson':
      return groups.map((group, index) => ndjsonOf(group, index + 1)).join('');
    case 'csv':
      return contextCsv(groups, canvas);
    case 'raw':
      return contextRaw(groups, canvas);
    case 'table':
      return contextTable(groups, canvas);
  }
}

/** One document: `groups` of lines, each an event and whether it was found itself. */
function contextJson(groups: readonly LineGroup[], { cursor, missingShards }: LogPageEnd): string {
  const lines = groups.map(
    (group) =>
      `[\n${group.map(({ stored, isHit }) => sanitizeJson({ isHit, event: stored.event })).join(',\n')}\n]`,
  );
  return `{"groups":[${lines.join(',')}],"next":${sanitizeJson(cursor)},"missingShards":${sanitizeJson(missingShards)}}\n`;
}

function ndjsonOf(group: LineGroup, number: number): string {
  return group
    .map(({ stored, isHit }) => `${sanitizeJson({ group: number, isHit, event: stored.event })}\n`)
    .join('');
}

/** The lines of events after two columns of their own. */
function contextCsv(groups: readonly LineGroup[], canvas: LogCanvas): string {
  const writer = createLogWriter('csv', canvas);
  let text = `group,is_hit,${writer.write([])}`;
  for (const [index, group] of groups.entries()) {
    for (const { stored, isHit } of group)
      text += `${index + 1},${isHit},${writer.write([stored])}`;
  }
  return text;
}

function contextRaw(groups: readonly LineGroup[], canvas: LogCanvas): string {
  const writer = createLogWriter('raw', canvas);
  return groups
    .map((group) => writer.write(group.map(({ stored }) => stored)))
    .join(`${SEPARATOR}\n`);
}

/** A mark before each line; what was not found itself stands back. */
function contextTable(groups: readonly LineGroup[], canvas: LogCanvas): string {
  const { terminal } = canvas;
  const width = terminal.width - MARKS.hit.length;
  const writer = createLogWriter('table', { ...canvas, terminal: { ...terminal, width } });
  const lines = groups.flat();
  const written = writer.write(lines.map(({ stored }) => stored)).split('\n');
  written.pop();
  // With --fields their names stand above all.
  const head = written.splice(0, written.length - lines.length);
  const indent = ' '.repeat(MARKS.hit.length);
  let text = head.map((line) => `${indent}${line}\n`).join('');
  let at = 0;
  for (const [index, group] of groups.entries()) {
    if (index > 0) text += `${terminal.paint('dim', SEPARATOR)}\n`;
    for (const { isHit } of group) {
      const line = written[at] ?? '';
      at += 1;
      text += isHit
        ? `${MARKS.hit}${line}\n`
        : `${terminal.paint('dim', MARKS.context + stripVTControlCharacters(line))}\n`;
    }
  }
  return text;
}
