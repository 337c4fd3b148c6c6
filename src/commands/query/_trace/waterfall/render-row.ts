import { formatDuration } from '../../../../engine/time/format.js';
import { findHungOn } from '../../../../engine/trace/critical-path.js';
import type { ViewNode } from '../../../../engine/trace/fold-retries.js';
import { problemOf, type TraceGap } from '../../../../engine/trace/trace-summary.js';
import type { TraceRow } from '../../../../engine/trace/trace-tree.js';
import { describeSource } from '../../../_cli/describe-event.js';
import { levelStyle } from '../../../_cli/level-style.js';
import { sanitizeText } from '../../../_cli/sanitize.js';
import { clipText, fitEnd, fitText, widthOf } from '../../../_cli/text-width.js';
import { isProblem, nodeText } from './node-text.js';
import { joinColumns, serviceStyle, type Pen } from './pen.js';
import { shareAt, type TracePicture } from '../trace-picture.js';
import { drawBars } from './draw-bars.js';
import { drawMark, drawTrack } from './track.js';
import { treeLead } from './tree-lead.js';

/** A gap this large a part of the whole is where the time went. */
const GAP_SHARE_SHOWN = 0.1;

/** A node's row; before it a line for a long silence that it ended, below it the rest of its text. */
export function* renderRow(
  row: TraceRow<ViewNode>,
  picture: TracePicture,
  pen: Pen,
): Generator<string> {
  const { node } = row;
  const { layout, paint } = pen;
  const lead = treeLead(row, layout.text);
  const gap = picture.gapBefore.get(node.stored);
  if (gap !== undefined) yield silenceLine(gap, lead.before, { picture, pen });
  const moreRoom = layout.isShared ? layout.text + layout.source + 1 : layout.text;
  const room = {
    first: Math.max(1, layout.text - widthOf(lead.first)),
    more: Math.max(1, moreRoom - widthOf(lead.more)),
  };
  const [first, ...more] = nodeText(node, picture, room);
  if (first === undefined) throw new Error('BUG: a node without text');
  yield joinColumns([
    [layout.offset, fitText(offsetOf(node, picture, pen), layout.offset, 'right')],
    [layout.gap, gapCell(node, picture, pen)],
    [layout.service, serviceCell(node, pen)],
    [layout.level, levelCell(node, pen)],
    [
      layout.text,
      paint('dim', lead.first) + paint(first.style, first.text) + pad(first.text, room.first),
    ],
    [
      layout.timeline,
      layout.timeline > 0 ? timelineCell(node, layout.timeline, { picture, pen }) : '',
    ],
    [layout.source, rightCell(node, picture, pen)],
  ]);
  const indent = ' '.repeat(textColumn(pen));
  for (const { text, style } of more) yield indent + paint('dim', lead.more) + paint(style, text);
}

/** Column in which the text begins. */
function textColumn({ layout }: Pen): number {
  return [layout.offset, layout.gap, layout.service, layout.level]
    .filter((width) => width > 0)
    .reduce((sum, width) => sum + width + 1, 0);
}

function pad(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text)));
}

interface Scene {
  readonly picture: TracePicture;
  readonly pen: Pen;
}

/** `┄ 10s silent in payment charge`: who was waited for meanwhile is what the silence is about. */
function silenceLine(gap: TraceGap, lead: string, { picture, pen }: Scene): string {
  const { layout, paint } = pen;
  const stretch = { startNs: gap.before.tsNs, endNs: gap.after.tsNs };
  const span = picture.critical && findHungOn(picture.critical, stretch)?.event;
  const where = [span?.service, span?.message ?? span?.operation, span?.provider];
  const inWhat = span === undefined ? '' : ` in ${where.filter(Boolean).join(' ')}`;
  const room = Math.max(1, layout.text - widthOf(lead));
  const text = clipText(sanitizeText(`┄ ${formatDuration(gap.gapNs)} silent${inWhat}`), room);
  const bar = {
    start: shareAt(stretch.startNs, picture.summary),
    end: shareAt(stretch.endNs, picture.summary),
    weight: 'dotted' as const,
    style: 'yellow' as const,
  };
  const track = (width: number): string => drawTrack([bar], width, paint);
  return joinColumns([
    [textColumn(pen), ' '.repeat(textColumn(pen) - 1)],
    [layout.text, paint('dim', lead) + paint('yellow', text) + pad(text, room)],
    [layout.timeline, layout.timeline > 0 ? track(layout.timeline) : ''],
    [layout.source, layout.isShared ? track(layout.source) : ''],
  ]);
}

/** Since the action's start. */
export function offsetOf(node: ViewNode, { summary }: TracePicture, { offsets }: Pen): string {
  return offsets.format(node.startNs - summary.startNs);
}

/** Since the event before. */
export function gapCell(node: ViewNode, { summary }: TracePicture, { layout, paint }: Pen): string {
  const gap = node.gapNs === 0n ? '' : formatDuration(node.gapNs);
  const isLong = Number(node.gapNs) >= GAP_SHARE_SHOWN * Number(summary.durationNs);
  return paint(isLong && gap !== '' ? 'yellow' : 'dim', fitText(gap, layout.gap, 'right'));
}

/** The service in its colour. */
export function serviceCell({ stored: { event } }: ViewNode, pen: Pen): string {
  const name = fitText(sanitizeText(event.service ?? ''), pen.layout.service);
  return pen.paint(serviceStyle(event.service, pen), name);
}

const FAILURE_MARK = '✖';
const RECOVERED_MARK = '↻';

/** The level, or what became of an event that has none. */
export function levelCell(node: ViewNode, { layout, paint }: Pen): string {
  if (node.retries !== undefined) {
    const { hasRecovered } = node.retries;
    const mark = hasRecovered ? RECOVERED_MARK : FAILURE_MARK;
    return paint(['bold', hasRecovered ? 'yellow' : 'red'], fitText(mark, layout.level));
  }
  const { level = '' } = node.stored.event;
  if (level === '') {
    const mark = problemOf(node.stored.event) === 'failure' ? FAILURE_MARK : '';
    return paint(['bold', 'red'], fitText(mark, layout.level));
  }
  const text = sanitizeText(level.toUpperCase()).slice(0, layout.level);
  return paint(levelStyle(level), fitText(text, layout.level));
}

function timelineCell(node: ViewNode, width: number, { picture, pen }: Scene): string {
  const { paint } = pen;
  if (node.isSpan || node.retries !== undefined) {
    return drawTrack(drawBars(node, { picture, pen, width }), width, paint);
  }
  const isWarning = problemOf(node.stored.event) === 'warning';
  const mark = isProblem(node) ? FAILURE_MARK : isWarning ? '▲' : '•';
  const style = isProblem(node)
    ? 'red'
    : isWarning
      ? 'yellow'
      : serviceStyle(node.stored.event.service, pen);
  const at = shareAt(node.startNs, picture.summary);
  const [before, shape, after] = drawMark(at, mark, width);
  return before + paint(style, shape) + after;
}

function rightCell(node: ViewNode, picture: TracePicture, pen: Pen): string {
  const { layout, paint } = pen;
  if (layout.source === 0) return '';
  const hasBar = node.isSpan || node.retries !== undefined;
  if (layout.isShared && hasBar) return timelineCell(node, layout.source, { picture, pen });
  return paint('dim', fitEnd(describeSource(node.stored.event), layout.source));
}
