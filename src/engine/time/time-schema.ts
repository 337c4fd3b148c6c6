import { z } from 'zod';
import { DURATION_HINT, parseDuration } from './duration.js';

const NS_PER_MS = 1_000_000n;

/** Longest time that a file may name: a year and a day. */
const DURATION_MS_MAX = 366 * 24 * 60 * 60 * 1000;

/** A length of time as text, such as `90s` or `1h30m`; milliseconds for those who read it. */
export const durationMs = z
  .string(`must be a duration. ${DURATION_HINT}`)
  .regex(/^(\d{1,12}[a-zµ]+)+$/u, `must be a duration. ${DURATION_HINT}`)
  .transform((text, context) => {
    const ns = parseDuration(text);
    const ms = ns === null ? Number.NaN : Number(ns / NS_PER_MS);
    if (ms <= DURATION_MS_MAX) return ms;
    const message = ns === null ? `must be a duration. ${DURATION_HINT}` : 'must be at most 366d';
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });

/** A moment as RFC 3339; milliseconds since the epoch for those who read it. */
export const instantMs = z.iso
  .datetime({ offset: true, error: 'must be a time such as 2026-03-02T00:00:00Z' })
  .transform((text) => Date.parse(text));
