import type { TraceSummary } from '../../../engine/trace/trace-summary.js';
import type { TraceNode } from '../../../engine/trace/trace-tree.js';
import type { Zone } from '../../../engine/time/zone.js';
import type { Paint } from '../../_cli/terminal.js';

/** What a trace is drawn from. */
export interface TracePicture {
  readonly id: string;
  readonly summary: TraceSummary;
  readonly roots: readonly TraceNode[];
}

/** On what it is drawn. */
export interface TraceCanvas {
  readonly width: number;
  readonly zone: Zone;
  readonly paint: Paint;
}
