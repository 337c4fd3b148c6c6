import { eachLine, LEVELS, levelOf } from '../driver/account.js';

/**
 * Counts the lines of each service and level in its log file, by their text as `grep -c` would. Gives a map from
 * `service level` to a count.
 */
export async function countInFiles(logFiles) {
  const counts = new Map();
  await eachLine(logFiles, (service, line) => add(counts, `${service} ${levelOf(line)}`));
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
