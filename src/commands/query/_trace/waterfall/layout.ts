import type { TraceNode } from '../../../../engine/trace/trace-tree.js';
import { describeSource } from '../../../_cli/describe-event.js';
import { widthOf } from '../../../_cli/text-width.js';

/** Columns of each part of a waterfall's line; 0 where the terminal has no room for it. */
export interface WaterfallLayout {
  readonly width: number;
  readonly offset: number;
  readonly gap: number;
  readonly service: number;
  readonly level: number;
  readonly text: number;
  /** The picture: bars of spans, marks of events. */
  readonly timeline: number;
  readonly source: number;
  /** The bars of spans and the source of events share one column, as there is no room for two. */
  readonly isShared: boolean;
}

/** From here on level names are written out. */
const WORDS_FROM = 100;

/** From here on the picture has a column of its own. */
const TIMELINE_FROM = 110;

/** Below this only the time, the service, the level and the text fit. */
const SOURCE_FROM = 64;

const GAP_WIDTH = 6;
const LEVEL_WORD_WIDTH = 5;
const LEVEL_LETTER_WIDTH = 1;

/** A text column never gets narrower than this. */
const TEXT_MIN = 16;

/** Divides the terminal's width. */
export function layOutWaterfall(
  nodes: readonly TraceNode[],
  { width, offsetWidth }: { readonly width: number; readonly offsetWidth: number },
): WaterfallLayout {
  const isWide = width >= TIMELINE_FROM;
  const hasSpans = nodes.some(({ isSpan }) => isSpan);
  const service = Math.min(
    Math.max(
      1,
      longest(nodes, ({ stored }) => stored.event.service ?? ''),
    ),
    isWide ? 24 : 12,
  );
  const sourceWanted = longest(nodes, ({ stored }) => describeSource(stored.event));
  const hasRoom = width >= SOURCE_FROM;
  const sourceMax = isWide ? Math.round(width / 6) : 20;
  // A shared column holds bars, too, which say nothing when they are short.
  const sourceMin = hasSpans && !isWide ? 14 : 0;
  const source = hasRoom ? Math.max(sourceMin, Math.min(sourceWanted, sourceMax)) : 0;
  const timeline = isWide ? Math.min(60, Math.round(width / 5)) : 0;
  const level = width >= WORDS_FROM ? LEVEL_WORD_WIDTH : LEVEL_LETTER_WIDTH;
  const gap = hasRoom ? GAP_WIDTH : 0;
  const fixed = [offsetWidth, gap, service, level, timeline, source].filter((part) => part > 0);
  const taken = fixed.reduce((sum, part) => sum + part + SPACE, 0);
  return {
    width,
    offset: offsetWidth,
    gap,
    service,
    level,
    text: Math.max(TEXT_MIN, width - taken),
    timeline,
    source,
    isShared: !isWide && hasRoom,
  };
}

/** Between two columns. */
const SPACE = 1;

/** More nodes than this do not change a width that is bounded anyway. */
const NODES_MEASURED = 2000;

function longest(nodes: readonly TraceNode[], textOf: (node: TraceNode) => string): number {
  return nodes
    .slice(0, NODES_MEASURED)
    .reduce((width, node) => Math.max(width, widthOf(textOf(node))), 0);
}
