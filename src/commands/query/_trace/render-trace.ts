import { problemOf, type TraceSummary } from '../../../engine/trace/trace-summary.js';
import { walkTraceTree, type TraceNode, type TraceRow } from '../../../engine/trace/trace-tree.js';
import { formatDuration } from '../../../engine/time/format.js';
import { describeEvent, describeSource } from '../../_cli/describe-event.js';
import { levelStyle, levelTextStyle } from '../../_cli/level-style.js';
import { sanitizeText } from '../../_cli/sanitize.js';
import type { Style } from '../../_cli/terminal.js';
import { clipText, fitEnd, fitText, widthOf, wrapText } from '../../_cli/text-width.js';
import { renderTraceHeader } from './render-trace-header.js';
import { drawBar, drawMark } from './timeline.js';
import type { TraceCanvas, TracePicture } from './trace-picture.js';
import { chooseOffsetFormat, type OffsetFormat } from './trace-time.js';
import { layOutWaterfall, type WaterfallLayout } from './waterfall-layout.js';

interface Pen extends TraceCanvas {
  readonly layout: WaterfallLayout;
  readonly offsets: OffsetFormat;
  readonly summary: TraceSummary;
  readonly serviceStyles: ReadonlyMap<string, Style>;
}

/** The header, then one line per event in the order of the tree; problems may take a few lines. */
export function* renderTrace(picture: TracePicture, canvas: TraceCanvas): Generator<string> {
  const { summary, roots } = picture;
  const rows = [...walkTraceTree(roots)];
  const nodes = rows.map(({ node }) => node);
  const offsets = chooseOffsetFormat(summary.durationNs);
  const offsetWidth = Math.max(
    widthOf(offsets.format(summary.durationNs)),
    widthOf(`+${offsets.unit}`),
  );
  const pen: Pen = {
    ...canvas,
    layout: layOutWaterfall(nodes, { width: canvas.width, offsetWidth }),
    offsets,
    summary,
    serviceStyles: styleServices(summary),
  };
  yield* renderTraceHeader(picture, { ...canvas, offsets, serviceStyles: pen.serviceStyles });
  yield '';
  yield pen.paint('dim', titleLine(pen));
  for (const row of rows) yield* renderRow(row, pen);
  yield* renderOddities(nodes, pen);
}

/** Colours that mean nothing else here: red, yellow and green stay for what happened. */
const SERVICE_STYLES: readonly Style[] = [
  'cyan',
  'magenta',
  'blue',
  'cyanBright',
  'magentaBright',
  'blueBright',
];

function styleServices({ services }: TraceSummary): Map<string, Style> {
  return new Map(
    services.map(({ name }, index) => [
      name,
      SERVICE_STYLES[index % SERVICE_STYLES.length] ?? 'cyan',
    ]),
  );
}

function titleLine({ layout, offsets, summary }: Pen): string {
  const total = formatDuration(summary.durationNs);
  const timeline = `0${total.padStart(layout.timeline - 1)}`;
  return joinColumns([
    [layout.offset, fitText(`+${offsets.unit}`, layout.offset, 'right')],
    [layout.gap, fitText('gap', layout.gap, 'right')],
    [layout.service, fitText('service', layout.service)],
    [layout.level, fitText(layout.level > 1 ? 'level' : ' ', layout.level)],
    [layout.text, fitText('event', layout.text)],
    [layout.timeline, layout.timeline > 0 ? timeline : ''],
    [layout.source, layout.isShared ? '' : 'source'],
  ]);
}

/** Columns of no width are left out, with the space beside them. */
function joinColumns(columns: readonly (readonly [number, string])[]): string {
  return columns
    .filter(([width]) => width > 0)
    .map(([, text]) => text)
    .join(' ')
    .trimEnd();
}

/** A gap this large a part of the whole is where the time went. */
const GAP_SHARE_SHOWN = 0.1;

function* renderRow(row: TraceRow, pen: Pen): Generator<string> {
  const { node } = row;
  const { layout, paint, summary } = pen;
  const { event } = node.stored;
  const lead = treeLead(row, layout.text);
  const textWidth = Math.max(1, layout.text - widthOf(lead.first));
  const moreRoom = layout.isShared ? layout.text + layout.source + 1 : layout.text;
  const moreWidth = Math.max(1, moreRoom - widthOf(lead.more));
  const [firstLine = '', ...moreLines] = textLines(node, { firstWidth: textWidth, moreWidth });
  const isLongGap = Number(node.gapNs) >= GAP_SHARE_SHOWN * Number(summary.durationNs);
  const gap = node.gapNs === 0n ? '' : formatDuration(node.gapNs);
  const serviceStyle = pen.serviceStyles.get(event.service ?? '') ?? 'cyan';
  const service = fitText(sanitizeText(event.service ?? ''), layout.service);
  const offset = pen.offsets.format(node.startNs - summary.startNs);
  yield joinColumns([
    [layout.offset, fitText(offset, layout.offset, 'right')],
    [
      layout.gap,
      paint(isLongGap && gap !== '' ? 'yellow' : 'dim', fitText(gap, layout.gap, 'right')),
    ],
    [layout.service, paint(serviceStyle, service)],
    [layout.level, levelCell(node, pen)],
    [
      layout.text,
      paint('dim', lead.first) + paint(textStyle(node), firstLine) + pad(firstLine, textWidth),
    ],
    [layout.timeline, layout.timeline > 0 ? timelineCell(node, layout.timeline, pen) : ''],
    [layout.source, rightCell(node, pen)],
  ]);
  const indent = ' '.repeat(
    [layout.offset, layout.gap, layout.service, layout.level]
      .filter((width) => width > 0)
      .reduce((sum, width) => sum + width + 1, 0),
  );
  for (const line of moreLines) {
    yield indent + paint('dim', lead.more) + paint(textStyle(node), line);
  }
}

function pad(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** Lines that a problem's text may take: enough for a message with its cause. */
const PROBLEM_LINES_MAX = 4;

function textLines(
  node: TraceNode,
  { firstWidth, moreWidth }: { readonly firstWidth: number; readonly moreWidth: number },
): string[] {
  const { event } = node.stored;
  const oddity = node.oddity === undefined ? '' : `${ODDITY_MARK} `;
  const text = oddity + (node.isSpan ? spanText(node) : describeEvent(event));
  const problem = problemOf(event);
  const isProblem = problem === 'error' || problem === 'failure';
  if (!isProblem || widthOf(text) <= firstWidth) return [clipText(text, firstWidth)];
  const [first = ''] = wrapText(text, firstWidth, 2);
  const rest = text.slice(first.length).trimStart();
  return [first, ...wrapText(rest, moreWidth, PROBLEM_LINES_MAX - 1)];
}

function spanText(node: TraceNode): string {
  const { event } = node.stored;
  const name = event.message ?? event.operation ?? event.type ?? 'span';
  const status = event.status ?? '';
  const length = formatDuration(node.endNs - node.startNs);
  return sanitizeText([name, event.provider ?? '', status, length].filter(Boolean).join(' '));
}

function textStyle(node: TraceNode): Style {
  const problem = problemOf(node.stored.event);
  if (problem === 'error' || problem === 'failure') return node.isSpan ? ['bold', 'red'] : 'red';
  return node.isSpan ? 'bold' : levelTextStyle(node.stored.event.level ?? '');
}

const FAILURE_MARK = '✖';
function levelCell(node: TraceNode, { layout, paint }: Pen): string {
  const { level = '' } = node.stored.event;
  if (level === '') {
    const isFailure = problemOf(node.stored.event) === 'failure';
    return paint(['bold', 'red'], fitText(isFailure ? FAILURE_MARK : '', layout.level));
  }
  const text = sanitizeText(level.toUpperCase()).slice(0, layout.level);
  return paint(levelStyle(level), fitText(text, layout.level));
}

function timelineCell(node: TraceNode, width: number, pen: Pen): string {
  const total = Number(pen.summary.durationNs) || 1;
  const start = Number(node.startNs - pen.summary.startNs) / total;
  const end = Number(node.endNs - pen.summary.startNs) / total;
  const problem = problemOf(node.stored.event);
  const isProblem = problem === 'error' || problem === 'failure';
  const serviceStyle = pen.serviceStyles.get(node.stored.event.service ?? '') ?? 'cyan';
  const style: Style = isProblem ? 'red' : problem === 'warning' ? 'yellow' : serviceStyle;
  const mark = isProblem ? FAILURE_MARK : problem === 'warning' ? '▲' : '•';
  const [before, shape, after] = node.isSpan
    ? drawBar({ start, end }, width)
    : drawMark(start, mark, width);
  return before + pen.paint(style, shape) + after;
}

function rightCell(node: TraceNode, pen: Pen): string {
  const { layout } = pen;
  if (layout.source === 0) return '';
  if (layout.isShared && node.isSpan) return timelineCell(node, layout.source, pen);
  return pen.paint('dim', fitEnd(describeSource(node.stored.event), layout.source));
}

/** Two columns a level, for at most a third of the text's width; deeper rows say their depth. */
function treeLead(
  { depth, isContinued, node }: TraceRow,
  textWidth: number,
): {
  readonly first: string;
  readonly more: string;
} {
  const levelsMax = Math.max(1, Math.floor(textWidth / 6));
  const below = node.children.length > 0 ? '│ ' : '  ';
  if (depth > levelsMax) {
    const label = `»${depth} `;
    return { first: label, more: ' '.repeat(label.length) };
  }
  if (depth === 0) return { first: '', more: node.children.length > 0 ? below : '' };
  const above = isContinued.slice(0, -1).map((isOpen) => (isOpen ? '│ ' : '  '));
  const isOpen = isContinued.at(-1) ?? false;
  const elbow = isOpen ? '├─' : '└─';
  return {
    first: `${above.join('')}${elbow}`,
    more: `${above.join('')}${isOpen ? '│ ' : '  '}${node.children.length > 0 ? below : ''}`,
  };
}

const ODDITY_MARK = '⚠';

function* renderOddities(nodes: readonly TraceNode[], { paint, width }: Pen): Generator<string> {
  const count = (oddity: TraceNode['oddity']): number =>
    nodes.filter((node) => node.oddity === oddity).length;
  const notes = [
    note(count('parentMissing'), 'with a parent that is not in the trace; shown at the root'),
    note(count('circle'), 'whose parents form a circle; cut there and shown at the root'),
    note(count('duplicate'), 'with a span_id that another span has already'),
    note(
      count('beforeParent'),
      'earlier than the span they belong to: the clocks of the hosts differ',
    ),
  ].filter((text) => text !== '');
  if (notes.length > 0) yield '';
  for (const text of notes) {
    for (const line of wrapText(`${ODDITY_MARK} ${text}`, width, 3)) yield paint('yellow', line);
  }
}

function note(count: number, what: string): string {
  return count === 0 ? '' : `${count} ${count === 1 ? 'event' : 'events'} ${what}`;
}
