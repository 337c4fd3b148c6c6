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

/** Chooses columns, units and colours for pictures that are drawn one below the other. */
export function createPen(pictures: readonly TracePicture[], canvas: TraceCanvas): Pen {
  const durationsNs = pictures.map(({ summary }) => summary.durationNs);
  const longestNs = durationsNs.reduce((a, b) => (b > a ? b : a), 0n);
  const offsets = chooseOffsetFormat(longestNs);
  const offsetWidth = Math.max(widthOf(offsets.format(longestNs)), widthOf(`+${offsets.unit}`));
  const nodes = pictures.flatMap(({ roots }) =>
    Array.from(walkTraceTree(roots), ({ node }) => node),
  );
  return {
    ...canvas,
    layout: layOutWaterfall(nodes, { width: canvas.width, offsetWidth }),
    offsets,
    serviceStyles: styleServices(pictures),
  };
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
