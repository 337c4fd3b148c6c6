import { walkTraceTree } from '../../../../engine/trace/trace-tree.js';
import type { Style } from '../../../_cli/terminal.js';
import { widthOf } from '../../../_cli/text-width.js';
import type { TraceCanvas, TracePicture } from '../trace-picture.js';
import { chooseOffsetFormat, type OffsetFormat } from './offset-format.js';
import { layOutWaterfall, type WaterfallLayout } from './layout.js';

/** What pictures on one canvas have in common, so that their columns, units and colours agree. */
export interface Pen extends TraceCanvas {
  readonly layout: WaterfallLayout;
  readonly offsets: OffsetFormat;
  readonly serviceStyles: ReadonlyMap<string, Style>;
}

/** Chooses columns and colours for pictures that are drawn one below the other, and the unit of the first. */
export function createPen(pictures: readonly TracePicture[], canvas: TraceCanvas): Pen {
  const nodes = pictures.flatMap(({ roots }) =>
    Array.from(walkTraceTree(roots), ({ node }) => node),
  );
  const offsetWidth = Math.max(...pictures.map(offsetWidthOf));
  return {
    ...canvas,
    layout: layOutWaterfall(nodes, { width: canvas.width, offsetWidth }),
    offsets: chooseOffsetFormat(pictures[0]?.summary.durationNs ?? 0n),
    serviceStyles: styleServices(pictures),
  };
}

/** The same pen for another of its pictures: a purchase may take an hour, and the reservation before it milliseconds. */
export function penFor({ summary }: TracePicture, pen: Pen): Pen {
  return { ...pen, offsets: chooseOffsetFormat(summary.durationNs) };
}

function offsetWidthOf({ summary: { durationNs } }: TracePicture): number {
  const offsets = chooseOffsetFormat(durationNs);
  return Math.max(widthOf(offsets.format(durationNs)), widthOf(`+${offsets.unit}`));
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

function styleServices(pictures: readonly TracePicture[]): Map<string, Style> {
  const names = new Set(
    pictures.flatMap(({ summary }) => summary.services.map(({ name }) => name)),
  );
  return new Map(
    [...names].map((name, index) => [
      name,
      SERVICE_STYLES[index % SERVICE_STYLES.length] ?? 'cyan',
    ]),
  );
}

/** The colour of a service. */
export function serviceStyle(service: string | undefined, { serviceStyles }: Pen): Style {
  return serviceStyles.get(service ?? '') ?? 'cyan';
}

/** Columns of no width are left out, with the space beside them. */
export function joinColumns(columns: readonly (readonly [number, string])[]): string {
  return columns
    .filter(([width]) => width > 0)
    .map(([, text]) => text)
    .join(' ')
    .trimEnd();
}
