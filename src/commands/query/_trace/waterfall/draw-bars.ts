import type { ViewNode } from '../../../../engine/trace/fold-retries.js';
import { problemOf } from '../../../../engine/trace/trace-summary.js';
import type { TraceNode } from '../../../../engine/trace/trace-tree.js';
import type { Style } from '../../../_cli/terminal.js';
import { serviceStyle, type Pen } from './pen.js';
import { shareAt, type TracePicture } from '../trace-picture.js';
import { heavyParts, type Bar, type Stretch } from './track.js';

interface Ground {
  readonly picture: TracePicture;
  readonly pen: Pen;
  /** Columns. */
  readonly width: number;
}

/** A span as a bar, folded attempts as one each with dots between; heavy where the action hung on them. */
export function drawBars(node: ViewNode, ground: Ground): Bar[] {
  const spans = node.retries?.attempts ?? [node];
  const events = node.retries?.folded ?? [node.stored];
  const lights = spans.map((span): Bar => ({
    ...stretchOf(span, ground),
    weight: 'light',
    style: styleOf(span, ground),
  }));
  const hungOn = events.flatMap((event) => ground.picture.hungOn.get(event) ?? []);
  const heavies = heavyParts(lights, hungOn, ground.width).map((part): Bar => {
    const below = lights.findLast(({ start }) => start <= part.end) ?? lights[0];
    return { ...part, weight: 'heavy', style: bold(below?.style ?? 'reset') };
  });
  if (node.retries === undefined) return [...lights, ...heavies];
  const waits: Bar = { ...stretchOf(node, ground), weight: 'dotted', style: 'dim' };
  return [waits, ...lights, ...heavies];
}

function styleOf({ stored: { event } }: TraceNode, { pen }: Ground): Style {
  const problem = problemOf(event);
  if (problem === 'error' || problem === 'failure') return 'red';
  return serviceStyle(event.service, pen);
}

function stretchOf({ startNs, endNs }: TraceNode, { picture: { summary } }: Ground): Stretch {
  return { start: shareAt(startNs, summary), end: shareAt(endNs, summary) };
}

function bold(style: Style): Style {
  return typeof style === 'string' ? ['bold', style] : ['bold', ...style];
}
