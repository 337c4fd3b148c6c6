import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Chunk, ChunkStore } from '../../model/chunk.js';
import type { RecordRun } from '../../model/record-run.js';
import { MappedRun } from './mapped-run.js';
import type { MapRecord } from './topic-mapper.js';

/** Records mapped at a stretch: some milliseconds, in which heartbeats and other partitions wait. */
const SLICE_RECORDS = 500;

/**
 * The store as the ingest worker sees it, with chunks of foreign topics mapped on their way. The chunk stays what it was: its
 * range, its token and what was announced of it know nothing of formats.
 */
export function mapChunks(store: ChunkStore, mappers: ReadonlyMap<string, MapRecord>): ChunkStore {
  if (mappers.size === 0) return store;
  return {
    ...store,
    async writeChunk(chunk, signal) {
      const map = mappers.get(chunk.topic);
      await store.writeChunk(map === undefined ? chunk : await mapChunk(chunk, map), signal);
    },
  };
}

/** The chunk with the rows that its records become by the topic's format. */
export async function mapChunk(chunk: Chunk, map: MapRecord): Promise<Chunk> {
  const runs: RecordRun[] = [];
  for (const slice of chunk.runs.flatMap(slicesOf)) {
    const mapped = new MappedRun(slice, map);
    mapped.rows();
    runs.push(mapped);
    await nextTurn();
  }
  return { ...chunk, runs, hasItems: true };
}

function slicesOf(run: RecordRun): RecordRun[] {
  const slices: RecordRun[] = [];
  for (let from = 0; from < run.recordCount; from += SLICE_RECORDS)
    slices.push(run.slice(from, Math.min(run.recordCount, from + SLICE_RECORDS)));
  return slices;
}
