import { formatDuration } from '../../../../engine/time/format.js';
import type { Retries, ViewNode } from '../../../../engine/trace/fold-retries.js';
import { problemOf } from '../../../../engine/trace/trace-summary.js';
import { describeEvent, describeSource } from '../../../_cli/describe-event.js';
import { levelTextStyle } from '../../../_cli/level-style.js';
import { sanitizeText } from '../../../_cli/sanitize.js';
import type { Style } from '../../../_cli/terminal.js';
import { clipText, widthOf, wrapText } from '../../../_cli/text-width.js';
import type { TracePicture } from '../trace-picture.js';

/** A line of text in its colour. */
export interface StyledLine {
  readonly text: string;
  readonly style: Style;
}

/** Room beside the tree's lines: in the row itself, and in the lines below it. */
export interface TextRoom {
  readonly first: number;
  readonly more: number;
}

/** Lines that a problem's text may take: enough for a message with its cause. */
const PROBLEM_LINES_MAX = 4;

/** What a node says, in as many lines as it may take; the first stands in the row. */
export function nodeText(node: ViewNode, picture: TracePicture, room: TextRoom): StyledLine[] {
  if (node.retries !== undefined) return retriesText(node, node.retries, { picture, room });
  const { event } = node.stored;
  const style = textStyle(node);
  const oddity = node.oddity === undefined ? '' : `${ODDITY_MARK} `;
  const text = oddity + (node.isSpan ? spanText(node, picture) : describeEvent(event));
  if (!isProblem(node) || widthOf(text) <= room.first) {
    return [{ text: clipText(text, room.first), style }];
  }
  return wrapped(text, room, PROBLEM_LINES_MAX).map((line) => ({ text: line, style }));
}

/** Marks a node whose place in the tree is odd. */
export const ODDITY_MARK = '⚠';

/** Whether the node failed: an error by its level, or a failure by its status. */
export function isProblem({ stored }: ViewNode): boolean {
  const problem = problemOf(stored.event);
  return problem === 'error' || problem === 'failure';
}

/** The first line in the room of the row, the others in theirs. */
function wrapped(text: string, { first, more }: TextRoom, linesMax: number): string[] {
  if (widthOf(text) <= first) return [text];
  const [head = ''] = wrapText(text, first, 2);
  return [head, ...wrapText(text.slice(head.length).trimStart(), more, linesMax - 1)];
}

function textStyle(node: ViewNode): Style {
  if (isProblem(node)) return node.isSpan ? ['bold', 'red'] : 'red';
  return node.isSpan ? 'bold' : levelTextStyle(node.stored.event.level ?? '');
}

function spanText(node: ViewNode, picture: TracePicture): string {
  const { event } = node.stored;
  const name = event.message ?? event.operation ?? event.type ?? 'span';
  const length = formatDuration(node.endNs - node.startNs);
  const parts = [name, event.provider, event.status, length, criticalShare(node, picture)];
  return sanitizeText(parts.filter(Boolean).join(' '));
}

/** In front of the part of the action's duration that hung on a span itself. */
export const CRITICAL_MARK = '◆';

/** `◆83%`; empty below one percent. */
function criticalShare(node: ViewNode, { critical, summary }: TracePicture): string {
  if (critical === undefined || summary.durationNs === 0n) return '';
  const spans = node.retries?.folded ?? [node.stored];
  const selfNs = spans.reduce((sum, span) => sum + (critical.selfNs.get(span) ?? 0n), 0n);
  const percent = Math.round((100 * Number(selfNs)) / Number(summary.durationNs));
  return percent < 1 ? '' : `${CRITICAL_MARK}${percent}%`;
}

/** Different errors that are shown below folded attempts. */
const ERRORS_SHOWN = 3;

/** Attempts of which each has its duration written out. */
const DURATIONS_SHOWN = 5;

function retriesText(
  node: ViewNode,
  retries: Retries,
  { picture, room }: { readonly picture: TracePicture; readonly room: TextRoom },
): StyledLine[] {
  const style: Style = ['bold', retries.hasRecovered ? 'yellow' : 'red'];
  const { attempts, outcomes, totalNs, errors } = retries;
  const parts = [
    nameOfAttempts(retries),
    node.stored.event.provider,
    `×${attempts.length}: ${countRepeats(outcomes)}`,
    formatDuration(totalNs),
    criticalShare(node, picture),
  ];
  const title = sanitizeText(parts.filter(Boolean).join(' '));
  const lines: StyledLine[] = wrapped(title, room, 2).map((text) => ({ text, style }));
  lines.push({ text: clipText(timesText(retries), room.more), style: 'dim' });
  for (const { first, count } of errors.slice(0, ERRORS_SHOWN)) {
    const times = count === 1 ? '' : `${count}× `;
    const source = describeSource(first.event);
    const text = `${times}${describeEvent(first.event)}${source === '' ? '' : ` (${source})`}`;
    lines.push({ text: clipText(text, room.more), style: 'red' });
  }
  if (errors.length > ERRORS_SHOWN) {
    const text = `and ${errors.length - ERRORS_SHOWN} other errors`;
    lines.push({ text: clipText(text, room.more), style: 'red' });
  }
  return lines;
}

/** What the attempts have in common: their name where it is one, else what they are for. */
function nameOfAttempts({ attempts }: Retries): string {
  const names = new Set(attempts.map(({ stored }) => stored.event.message));
  const [first] = attempts;
  if (first === undefined) throw new Error('BUG: retries without attempts');
  const { message, operation, type } = first.stored.event;
  return (names.size === 1 ? message : undefined) ?? operation ?? type ?? message ?? 'span';
}

/** `took 10s, 10s, 5ms, waited 1.87s between; 14 events`. */
function timesText({ attempts, totalNs, waitedNs, folded }: Retries): string {
  const lengthsNs = attempts.map(({ startNs, endNs }) => endNs - startNs);
  const took =
    attempts.length > DURATIONS_SHOWN
      ? `${formatDuration(totalNs - waitedNs)} in all`
      : lengthsNs.map(formatDuration).join(', ');
  const waited = waitedNs === 0n ? '' : `, waited ${formatDuration(waitedNs)}`;
  return `took ${took}${waited}; ${folded.length} events`;
}

/** Below this many each outcome is written out. */
const OUTCOMES_SHOWN = 4;

/** `failed, failed, ok`; of many `failed ×117, ok`. */
export function countRepeats(outcomes: readonly string[]): string {
  if (outcomes.length <= OUTCOMES_SHOWN) return outcomes.join(', ');
  const runs: { outcome: string; count: number }[] = [];
  for (const outcome of outcomes) {
    const last = runs.at(-1);
    if (last?.outcome === outcome) last.count += 1;
    else runs.push({ outcome, count: 1 });
  }
  return runs
    .map(({ outcome, count }) => (count === 1 ? outcome : `${outcome} ×${count}`))
    .join(', ');
}
