import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** pino's numbers, and the names atbd gives them. */
const LEVELS = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };

/**
 * Counts the lines of each service and level in its log file, by their text as `grep -c` would:
 * nothing of atbd takes part. Gives a map from `service level` to a count.
 */
export async function countInFiles(logFiles) {
  const counts = new Map();
  for (const logFile of logFiles) {
    const service = path.basename(logFile, '.log');
    const text = await readFile(logFile, 'utf8');
    for (const [, number] of text.matchAll(/^\{"level":(\d+),/gmu)) {
      add(counts, `${service} ${LEVELS[number]}`);
    }
  }
  return counts;
}

/** The same of events as `atbd query logs --output ndjson` gives them. */
export function countEvents(ndjson) {
  const counts = new Map();
  for (const line of ndjson.split('\n').filter(Boolean)) {
    const { service, level } = JSON.parse(line);
    add(counts, `${service} ${level}`);
  }
  return counts;
}

export function totalOf(counts) {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

/** A sentence for each service and level whose counts differ; none when all is well. */
export function differencesOf(inFiles, stored) {
  return [...new Set([...inFiles.keys(), ...stored.keys()])]
    .toSorted()
    .filter((key) => inFiles.get(key) !== stored.get(key))
    .map((key) => `${key}: ${inFiles.get(key) ?? 0} in the file, ${stored.get(key) ?? 0} stored`);
}

/** A row per service, a column per level: the files' counts, the store's beside each where they differ. */
export function renderCounts(inFiles, stored) {
  const keys = [...inFiles.keys(), ...stored.keys()].map((key) => key.split(' '));
  const services = [...new Set(keys.map(([service]) => service))].toSorted();
  const levels = Object.values(LEVELS).filter((level) => keys.some((key) => key[1] === level));
  const cell = (key) => {
    const [file, store] = [inFiles.get(key) ?? 0, stored.get(key) ?? 0];
    return file === store ? String(file) : `${file}≠${store}`;
  };
  const rows = services.map((service) => [
    service,
    ...levels.map((level) => cell(`${service} ${level}`)),
  ]);
  return [['', ...levels], ...rows]
    .map(([first, ...cells]) => [first.padEnd(12), ...cells.map((c) => c.padStart(9))].join(''))
    .map((line) => `  ${line}`)
    .join('\n');
}

function add(counts, key) {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
