import { LEVELS } from '../event.js';

/** The figures of a histogram of events, severest first; `other` has no level, or none of ours. */
export const HISTOGRAM_LEVELS = [...LEVELS.toReversed(), 'other'] as const;
