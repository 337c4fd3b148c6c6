import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { AtbdError } from '../../../model/error.js';
import { quoteValue } from '../../../model/visible-text.js';
import { ActionSample } from '../action-sample.js';
import type { StoryTruth } from '../story-load.js';

const count = z.int().min(0);
const tally = z.record(z.string(), count).default({});

/** What a story's script writes down as true, of its own log files and by its own means. */
const accountSchema = z.strictObject({
  /** Lines that must become events. */
  total: count,
  byService: tally,
  byLevel: tally,
  byType: tally,
  /** Keyed `type status`. */
  byTypeAndStatus: tally,
  /** Exact decimal texts, keyed `type currency`. */
  amounts: z.record(z.string(), z.string().regex(/^-?\d+(\.\d+)?$/u)).default({}),
  actions: z
    .array(z.strictObject({ opId: z.string(), operation: z.string(), eventsByService: tally }))
    .default([]),
});

/** Reads it; of its actions an even sample is kept. */
export async function readAccount(path: string): Promise<StoryTruth> {
  const { data, error } = accountSchema.safeParse(await readJson(path));
  if (!data) throw noAccount(path, z.prettifyError(error));
  const sample = new ActionSample();
  for (const { opId, operation, eventsByService } of data.actions)
    sample.add({ opId, operation, eventsByService: toMap(eventsByService) });
  return {
    sent: {
      total: data.total,
      duplicated: 0,
      late: 0,
      outOfOrder: 0,
      dead: new Map(),
      byType: toMap(data.byType),
      byService: toMap(data.byService),
      byLevel: toMap(data.byLevel),
      byTypeAndStatus: toMap(data.byTypeAndStatus),
    },
    amounts: new Map(Object.entries(data.amounts)),
    actions: sample.actions,
    // Real services are shopped at by nobody who misbehaves.
    guilty: [],
    chains: null,
  };
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw noAccount(path, 'it is not there, or it is no JSON', cause);
  }
}

function toMap(counts: Readonly<Record<string, number>>): ReadonlyMap<string, number> {
  return new Map(Object.entries(counts));
}

function noAccount(path: string, why: string, cause?: unknown): AtbdError {
  return new AtbdError({
    code: 'STORY_FAILED',
    message: `cannot read what the story's script holds to be true in ${quoteValue(path)}: ${why}`,
    hint: 'The script writes it to the file that ATBD_STORY_TRUTH names, before it ends: docs/scenarios.md, "Real services".',
    cause,
  });
}
