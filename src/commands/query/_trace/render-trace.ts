import { formatDuration } from '../../../engine/time/format.js';
import type { ViewNode } from '../../../engine/trace/fold-retries.js';
import { walkTraceTree } from '../../../engine/trace/trace-tree.js';
import { fitText, wrapText } from '../../_cli/text-width.js';
import { CRITICAL_MARK, ODDITY_MARK } from './waterfall/node-text.js';
import { createPen, joinColumns, type Pen } from './waterfall/pen.js';
import { renderRow } from './waterfall/render-row.js';
import { renderTraceHeader } from './header/render-trace-header.js';
import type { TraceCanvas, TracePicture } from './trace-picture.js';

/** The header, then a line per event in the order of the tree; problems and folded retries take a few. */
export function* renderTrace(picture: TracePicture, canvas: TraceCanvas): Generator<string> {
  const pen = createPen([picture], canvas);
  yield* renderTraceHeader(picture, pen);
  yield '';
  yield* renderWaterfall(picture, pen);
  yield* renderNotes([picture], pen);
}

/** The rows of one action below their titles. */
export function* renderWaterfall(picture: TracePicture, pen: Pen): Generator<string> {
  yield pen.paint('dim', titleLine(picture, pen));
  for (const row of walkTraceTree(picture.roots)) yield* renderRow(row, picture, pen);
}

function titleLine({ summary }: TracePicture, { layout, offsets }: Pen): string {
  const total = formatDuration(summary.durationNs);
  const timeline = `0${total.padStart(layout.timeline - 1)}`;
  return joinColumns([
    [layout.offset, fitText(`+${offsets.unit}`, layout.offset, 'right')],
    [layout.gap, fitText('gap', layout.gap, 'right')],
    [layout.service, fitText('service', layout.service)],
    [layout.level, fitText(layout.level > 1 ? 'level' : ' ', layout.level)],
    [layout.text, fitText('event', layout.text)],
    [layout.timeline, layout.timeline > 0 ? timeline : ''],
    [layout.source, layout.isShared ? '' : fitText('source', layout.source)],
  ]);
}

/** What signs mean that are in the picture, what is folded, and what is odd. */
export function* renderNotes(pictures: readonly TracePicture[], pen: Pen): Generator<string> {
  const nodes = pictures.flatMap(({ roots }) =>
    Array.from(walkTraceTree(roots), ({ node }) => node),
  );
  const legend = [...legendParts(pictures, nodes, pen)].join(' · ');
  const oddities = oddityNotes(nodes);
  if (legend !== '' || oddities.length > 0) yield '';
  if (legend !== '')
    for (const line of wrapText(legend, pen.width, 3)) yield pen.paint('dim', line);
  for (const text of oddities) {
    for (const line of wrapText(`${ODDITY_MARK} ${text}`, pen.width, 3)) {
      yield pen.paint('yellow', line);
    }
  }
}

function* legendParts(
  pictures: readonly TracePicture[],
  nodes: readonly ViewNode[],
  { layout }: Pen,
): Generator<string> {
  if (pictures.some(({ critical }) => critical !== undefined)) {
    if (layout.timeline > 0 || layout.isShared) yield '━ critical path, ─ off it';
    yield `${CRITICAL_MARK} its part of the duration`;
  }
  const foldedCount = nodes.reduce((sum, { retries }) => sum + (retries?.folded.length ?? 0), 0);
  if (foldedCount > 0) yield `${foldedCount} events of retries folded (--expand)`;
}

function oddityNotes(nodes: readonly ViewNode[]): string[] {
  const count = (oddity: ViewNode['oddity']): number =>
    nodes.filter((node) => node.oddity === oddity).length;
  return [
    note(count('parentMissing'), 'with a parent that is not in the trace; shown at the root'),
    note(count('circle'), 'whose parents form a circle; cut there and shown at the root'),
    note(count('duplicate'), 'with a span_id that another span has already'),
    note(
      count('beforeParent'),
      'earlier than the span they belong to: the clocks of the hosts differ',
    ),
  ].filter((text) => text !== '');
}

function note(count: number, what: string): string {
  return count === 0 ? '' : `${count} ${count === 1 ? 'event' : 'events'} ${what}`;
}
