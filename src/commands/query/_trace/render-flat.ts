import { formatLocal } from '../../../engine/time/format.js';
import type { ViewNode } from '../../../engine/trace/fold-retries.js';
import { walkTraceTree } from '../../../engine/trace/trace-tree.js';
import { compareStoredEvents } from '../../../engine/model/stored-event.js';
import { describeSource } from '../../_cli/describe-event.js';
import { clipText, fitEnd, fitText } from '../../_cli/text-width.js';
import { nodeText } from './waterfall/node-text.js';
import { createPen, joinColumns, type Pen } from './waterfall/pen.js';
import { gapCell, levelCell, offsetOf, serviceCell } from './waterfall/render-row.js';
import { renderTraceHeader } from './header/render-trace-header.js';
import type { TraceCanvas, TracePicture } from './trace-picture.js';

/** `10:00:00.123` */
const CLOCK_WIDTH = 12;

/** From here on the time of day has room beside the time since the start. */
const CLOCK_FROM = 100;

/** The header, then every event in time order, one a line, its text last. The picture has nothing folded. */
export function* renderFlat(picture: TracePicture, canvas: TraceCanvas): Generator<string> {
  const pen = createPen([picture], canvas);
  yield* renderTraceHeader(picture, pen);
  yield '';
  yield* flatRows(picture, pen);
}

/** The events alone, below their titles. */
export function* flatRows(picture: TracePicture, pen: Pen): Generator<string> {
  const columns = flatColumns(pen);
  yield pen.paint('dim', titleLine(columns, pen));
  const nodes = Array.from(walkTraceTree(picture.roots), ({ node }) => node);
  nodes.sort((a, b) => compareStoredEvents(a.stored, b.stored));
  for (const node of nodes) yield flatLine(node, picture, { columns, pen });
}

interface FlatColumns {
  readonly clock: number;
  readonly source: number;
  readonly text: number;
}

function flatColumns({ layout, width, isEndless }: Pen): FlatColumns {
  const clock = width >= CLOCK_FROM ? CLOCK_WIDTH : 0;
  const parts = [clock, layout.offset, layout.gap, layout.service, layout.level, layout.source];
  const taken = parts.filter((part) => part > 0).reduce((sum, part) => sum + part + 1, 0);
  const text = isEndless ? Infinity : Math.max(1, width - taken);
  return { clock, source: layout.source, text };
}

function titleLine({ clock, source }: FlatColumns, { layout, offsets }: Pen): string {
  return joinColumns([
    [clock, fitText('time', clock)],
    [layout.offset, fitText(`+${offsets.unit}`, layout.offset, 'right')],
    [layout.gap, fitText('gap', layout.gap, 'right')],
    [layout.service, fitText('service', layout.service)],
    [layout.level, fitText(layout.level > 1 ? 'level' : ' ', layout.level)],
    [source, fitText('source', source)],
    [1, 'event'],
  ]);
}

interface FlatPen {
  readonly columns: FlatColumns;
  readonly pen: Pen;
}

function flatLine(node: ViewNode, picture: TracePicture, { columns, pen }: FlatPen): string {
  const { clock, source, text } = columns;
  const { layout, paint, zone } = pen;
  // All in one line, however long: it is cut here, and not where a row of the waterfall would break.
  const [said] = nodeText(node, picture, { first: Infinity, more: Infinity });
  return joinColumns([
    [clock, paint('dim', formatLocal(node.startNs, zone).time)],
    [layout.offset, fitText(offsetOf(node, picture, pen), layout.offset, 'right')],
    [layout.gap, gapCell(node, picture, pen)],
    [layout.service, serviceCell(node, pen)],
    [layout.level, levelCell(node, pen)],
    [source, paint('dim', fitEnd(describeSource(node.stored.event), source))],
    [1, paint(said?.style ?? 'reset', clipText(said?.text ?? '', text))],
  ]);
}
