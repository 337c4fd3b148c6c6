import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createParseTime } from '../../edge/parse-time.js';
import { recogniseFormat } from '../../edge/recognise-format.js';
import { UTC } from '../../time/zone.js';
import { LOG_LINE_FORMATS, LogLines, type LogLineFormat, type LogSpec } from './log-lines.js';
import { createWordPool, type WordPool } from './word-pool.js';

const FROM_MS = Date.UTC(2026, 10, 9, 8, 7, 6);
const parseTime = createParseTime(UTC);

let words: WordPool;

beforeAll(async () => {
  words = await createWordPool(1);
});

function logOf(change: Partial<LogSpec> = {}): LogLines {
  return new LogLines({
    format: 'apache-combined',
    seed: 1,
    words,
    fromMs: FROM_MS,
    linesPerSecond: 10,
    lineCountMax: 500,
    byteCountMax: Infinity,
    ...change,
  });
}

function textOf(lines: LogLines): string {
  let text = '';
  while (lines.nextMs !== undefined) text += lines.take(Infinity);
  return text;
}

const linesOf = (text: string): string[] => text.split('\n').slice(0, -1);

describe('LogLines', () => {
  it.each<[LogLineFormat, RegExp]>([
    [
      'apache-common',
      /^\d+(\.\d+){3} - \S+ \[09\/Nov\/2026:08:07:\d\d \+0000\] "[A-Z]+ \/\S* HTTP\/1.1" \d{3} \d+$/,
    ],
    ['apache-combined', /^\d.* HTTP\/1.1" \d{3} \d+ "\S+" "[^"]+"$/],
    ['nginx', /^\d.* HTTP\/2.0" \d{3} \d+ "\S+" "[^"]+"$/],
    ['syslog-3164', /^<1\d\d>Nov {2}9 08:07:\d\d [\w-]+ \w+\[\d+\]: .+$/],
    [
      'syslog-5424',
      /^<1\d\d>1 2026-11-09T08:07:\d\d\.\d{3}Z [\w-]+ \w+ \d+ ID\d+ \[request@32473 id="[0-9a-f]{16}"\] .+$/,
    ],
    [
      'json',
      /^\{"time":"2026-11-09T08:07:\d\d\.\d{3}Z","level":"\w+",.*"trace_id":"[0-9a-f]{32}",.*\}$/,
    ],
  ])('writes %s as it is defined', (format, pattern) => {
    const lines = linesOf(textOf(logOf({ format, lineCountMax: 300 })));
    expect(lines).toHaveLength(300);
    for (const line of lines) expect(line).toMatch(pattern);
  });

  it.each<[LogLineFormat, string]>([
    ['apache-common', 'combined'],
    ['apache-combined', 'combined'],
    ['nginx', 'combined'],
    ['json', 'json'],
  ])('writes %s such that ingest recognises it as %s and rejects no line', (format, name) => {
    const lines = linesOf(textOf(logOf({ format, seed: 3, lineCountMax: 5_000 })));
    const reader = recogniseFormat(lines.slice(0, 20), parseTime);
    expect(reader.name).toBe(name);
    for (const line of lines) {
      const decoded = reader.decode(line);
      expect(decoded, line).toMatchObject({
        kind: 'events',
        events: [
          {
            ts: expect.stringMatching(/^2026-11-09T08:/) as string,
            level: expect.any(String) as string,
          },
        ],
      });
    }
  });

  it('gives the same bytes for the same seed, in however many pieces they are taken', () => {
    const spec = fc.record({
      seed: fc.nat(),
      format: fc.constantFrom(...LOG_LINE_FORMATS),
      steps: fc.array(fc.integer({ min: 0, max: 20_000 })),
    });
    fc.assert(
      fc.property(spec, ({ seed, format, steps }) => {
        const inPieces = logOf({ seed, format, lineCountMax: 60 });
        let text = '';
        let untilMs = FROM_MS;
        for (const step of steps) text += inPieces.take((untilMs += step));
        text += textOf(inPieces);
        expect(text).toBe(textOf(logOf({ seed, format, lineCountMax: 60 })));
      }),
    );
  });

  it('gives another log for another seed', () => {
    expect(textOf(logOf({ seed: 1 }))).not.toBe(textOf(logOf({ seed: 2 })));
  });

  it('keeps the order of time and the rate exactly', () => {
    const lines = logOf({ linesPerSecond: 50 });
    let lastMs = FROM_MS;
    for (let slot = 0; lines.nextMs !== undefined; slot += 1) {
      expect(lines.nextMs).toBeGreaterThanOrEqual(Math.max(lastMs, FROM_MS + slot * 20));
      expect(lines.nextMs).toBeLessThan(FROM_MS + (slot + 1) * 20);
      lastMs = lines.nextMs;
      expect(linesOf(lines.take(lastMs + 1))).toHaveLength(1);
    }
  });

  it('hands over nothing before its time', () => {
    const lines = logOf();
    expect(lines.take(lines.nextMs ?? NaN)).toBe('');
    expect(lines.lineCount).toBe(0);
  });

  it.each([[0], [1], [1_000], [70_000]])(
    'stays within %i bytes, by less than a line',
    (byteCountMax) => {
      const lines = logOf({ byteCountMax, lineCountMax: Infinity });
      const text = textOf(lines);
      expect(Buffer.byteLength(text)).toBe(lines.byteCount);
      expect(lines.byteCount).toBeLessThanOrEqual(byteCountMax);
      expect(lines.byteCount).toBeGreaterThan(byteCountMax - 400);
      expect(linesOf(text)).toHaveLength(lines.lineCount);
    },
  );
});
