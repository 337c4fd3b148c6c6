import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../../engine/model/question/answer.js';
import { UTC } from '../../../../engine/time/zone.js';
import { plainPaint } from '../../../_cli/terminal.js';
import { renderAnswer, type AnswerCanvas } from './render-answer.js';

const at = (minute: number): bigint => BigInt(Date.UTC(2026, 10, 20, 10, minute)) * 1_000_000n;

const answer: Answer = {
  question: 'transactions',
  range: { fromNs: at(0), toNs: at(45) },
  columns: [
    { name: 'time', kind: 'time', summary: '' },
    { name: 'service', kind: 'text', summary: '' },
    { name: 'count', kind: 'count', summary: '' },
    { name: 'p99', kind: 'duration', summary: '' },
    { name: 'share', kind: 'share', summary: '' },
    { name: 'memory', kind: 'bytes', summary: '' },
    { name: 'amounts', kind: 'money', summary: '' },
  ],
  rows: [
    row(0, 'cart', 1_234_567, { p99: 12.345, share: 0.5, memory: 5_368_709_120, EUR: '1234.50' }),
    row(15, '\u001b[31mred', 2, { p99: null, share: 0, memory: 12, EUR: '0.05' }),
    row(30, 'cart', 617_283, { p99: 61_000, share: 1, memory: 1536, EUR: '7.00' }),
  ],
  intervalsNs: [at(0), at(15), at(30)],
  facts: [{ name: 'peak', kind: 'count', summary: '', value: 1_234_567 }],
  notes: [],
  source: 'events',
  missingShards: [],
};

interface Figures {
  readonly p99: number | null;
  readonly share: number;
  readonly memory: number;
  readonly EUR: string;
}

function row(minute: number, service: string, count: number, figures: Figures) {
  const { EUR, ...rest } = figures;
  return { time: at(minute), service, count, ...rest, amounts: { EUR } };
}

const NOTHING: Figures = { p99: null, share: 0, memory: 0, EUR: '0' };

function render(format: AnswerCanvas['format'], width = 80, shown: Answer = answer): string {
  const terminal = { isTerminal: false, width, paint: plainPaint };
  return renderAnswer(shown, { format, terminal, zone: UTC, measure: undefined });
}

describe('an answer', () => {
  it('is a table with figures on the right, in units that fit', () => {
    expect(render('table', 100)).toMatchInlineSnapshot(`
      "peak: 1,234,567

      time              service       count     p99    share   memory  amounts
      2026-11-20 10:00  cart      1,234,567  12.3ms   50.0 %    5 GiB  1,234.50 EUR
      2026-11-20 10:15  ␛[31mred          2       -    0.0 %     12 B  0.05 EUR
      2026-11-20 10:30  cart        617,283   1m01s  100.0 %  1.5 KiB  7.00 EUR
      "
    `);
  });

  it('fits a narrow terminal by its texts', () => {
    const lines = render('table', 70).trimEnd().split('\n');
    expect(Math.max(...lines.slice(2).map((line) => line.length))).toBeLessThanOrEqual(75);
  });

  it('leaves details out where the terminal is narrow, the last one first', () => {
    const detailed = {
      ...answer,
      columns: answer.columns.map((column) =>
        ['p99', 'memory'].includes(column.name) ? { ...column, isDetail: true } : column,
      ),
    };
    const titles = (width: number) => render('table', width, detailed).split('\n')[2];
    expect(titles(78)).toMatch(/p99 +share +memory/u);
    expect(titles(70)).toMatch(/p99 +share +amounts/u);
    expect(titles(60)).toMatch(/count +share +amounts/u);
  });

  it('cuts a text, but leaves a detail out rather than cut it', () => {
    const rows = [{ service: 'x'.repeat(40), amounts: { EUR: '1234567890.00', USD: '5.00' } }];
    const columns = [
      { name: 'service', kind: 'text', summary: '' },
      { name: 'amounts', kind: 'money', isDetail: true, summary: '' },
    ] as const;
    const table = (width: number) =>
      render('table', width, { ...answer, facts: [], columns, rows });
    expect(table(60)).toContain(`${'x'.repeat(27)}…  1,234,567,890.00 EUR, 5.00 USD`);
    expect(table(45)).toBe(`service\n${'x'.repeat(40)}\n`);
  });

  it('shows a mark only where a row bears it', () => {
    const mark = { name: 'provisional', kind: 'truth', isMark: true, summary: '' } as const;
    const marked = (isProvisional: boolean): Answer => ({
      ...answer,
      columns: [...answer.columns, mark],
      rows: answer.rows.map((row, at) => ({ ...row, provisional: isProvisional && at === 2 })),
    });
    expect(render('table', 120, marked(false))).not.toContain('provisional');
    expect(render('table', 120, marked(true))).toMatch(/7.00 EUR {6}yes\n/u);
    expect(render('csv', 120, marked(false))).toContain(',provisional\r\n');
  });

  it('has as many facts in a line as fit, of those that are known', () => {
    const [peak] = answer.facts;
    const facts = ['one', 'two', 'unknown', 'three'].map((name) => ({
      ...peak!,
      name,
      value: name === 'unknown' ? null : peak!.value,
    }));
    expect(
      render('table', 40, { ...answer, facts })
        .split('\n')
        .slice(0, 3),
    ).toEqual(['one: 1,234,567   two: 1,234,567', 'three: 1,234,567', '']);
  });

  it('is one document in JSON, exact and in UTC', () => {
    expect(render('json')).toMatchInlineSnapshot(`
      "{"question":"transactions","from":"2026-11-20T10:00:00.000Z","to":"2026-11-20T10:45:00.000Z","source":"events","notes":[],"missingShards":[],"peak":1234567,"rows":[
      {"time":"2026-11-20T10:00:00.000Z","service":"cart","count":1234567,"p99":12.345,"share":0.5,"memory":5368709120,"amounts":{"EUR":"1234.50"}},
      {"time":"2026-11-20T10:15:00.000Z","service":"\\u001b[31mred","count":2,"p99":null,"share":0,"memory":12,"amounts":{"EUR":"0.05"}},
      {"time":"2026-11-20T10:30:00.000Z","service":"cart","count":617283,"p99":61000,"share":1,"memory":1536,"amounts":{"EUR":"7.00"}}
      ]}
      "
    `);
  });

  it('is a line for each row in NDJSON and CSV, with escape sequences made harmless in JSON', () => {
    expect(render('ndjson').split('\n')[1]).toContain('"service":"\\u001b[31mred"');
    expect(JSON.stringify(render('csv').split('\r\n'))).toMatchInlineSnapshot(
      `"["time,service,count,p99,share,memory,amounts","2026-11-20T10:00:00.000Z,cart,1234567,12.345,0.5,5368709120,EUR=1234.50","2026-11-20T10:15:00.000Z,\\u001b[31mred,2,,0,12,EUR=0.05","2026-11-20T10:30:00.000Z,cart,617283,61000,1,1536,EUR=7.00",""]"`,
    );
  });

  it('is a sparkline for each series over time', () => {
    expect(render('chart', 60)).toMatchInlineSnapshot(`
      "count          max 2026-11-20 10:00       2026-11-20 10:30
      cart     1,234,567 █████████████             ▄▄▄▄▄▄▄▄▄▄▄▄▄
      ␛[31mred         2              █████████████
      "
    `);
  });

  it('is a plot where there is one series', () => {
    const one = { ...answer, columns: answer.columns.filter(({ name }) => name !== 'service') };
    expect(render('chart', 40, one)).toMatchInlineSnapshot(`
      "count
      1,234,567 ┤█████████
                ┤█████████
                ┤█████████
                ┤█████████
                ┤█████████
                ┤█████████         █████████
                ┤█████████         █████████
                ┤█████████         █████████
                ┤█████████         █████████
              0 ┼█████████▁▁▁▁▁▁▁▁▁█████████
                 2026-11-20 10:00 – 2026-11-20 10:30
      "
    `);
  });

  it.each([
    [false, ['count', '1,851,850']],
    [true, ['count', '1,234,567']],
  ])(
    'draws intervals in one when there are too many: a level (%s) does not add up',
    (isLevel, first) => {
      const minutes = Array.from({ length: 80 }, (_, minute) => at(minute));
      const many = {
        ...answer,
        columns: [answer.columns[0]!, { ...answer.columns[2]!, isLevel }],
        rows: [row(0, '', 1_234_567, NOTHING), row(1, '', 617_283, NOTHING)],
        intervalsNs: minutes,
      };
      const lines = render('chart', 40, many).split('\n');
      expect([lines[0], lines[1]?.split(' ')[0]]).toEqual(first);
    },
  );

  it('is a bar for each row without a time', () => {
    const still = { ...answer, intervalsNs: [] };
    expect(render('chart', 50, still)).toMatchInlineSnapshot(`
      "cart     1,234,567 ███████████████████████████████
      ␛[31mred         2 ▏
      cart       617,283 ███████████████▌
      "
    `);
  });

  it('names the figures when it cannot draw one', () => {
    const terminal = { isTerminal: false, width: 80, paint: plainPaint };
    const canvas = { format: 'chart', terminal, zone: UTC, measure: 'p90' } as const;
    expect(() => renderAnswer(answer, canvas)).toThrow('cannot draw "p90"');
  });
});
