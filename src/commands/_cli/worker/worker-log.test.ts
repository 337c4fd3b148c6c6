import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { AtbdError } from '../../../engine/model/error.js';
import { LOG_LEVELS, openWorkerLog, type WorkerLog } from './worker-log.js';

const NOW_MS = Date.UTC(2026, 5, 1, 12, 30, 1, 250);

async function logTo(
  isTTY: boolean,
  level: (typeof LOG_LEVELS)[number] = 'info',
): Promise<{ log: WorkerLog; written: string[] }> {
  const written: string[] = [];
  const sink = { isTTY, write: (text: string) => written.push(text) };
  const style = new Chalk({ level: 0 });
  const log = await openWorkerLog('atbd-ingest', { level, sink, style, nowMs: () => NOW_MS });
  return { log, written };
}

const NOTE = {
  level: 'warn',
  message: 'cannot go on yet',
  fields: { code: 'TIMEOUT', attempt: 2 },
} as const;

describe('openWorkerLog', () => {
  it('writes an event a line where programs read', async () => {
    const { log, written } = await logTo(false);
    log.note(NOTE);
    expect(written).toHaveLength(1);
    expect(written[0]).toMatch(/\n$/);
    expect(JSON.parse(written[0] ?? '')).toEqual({
      ts: '2026-06-01T12:30:01.250Z',
      level: 'warn',
      service: 'atbd-ingest',
      host: expect.any(String) as string,
      pid: process.pid,
      message: 'cannot go on yet',
      code: 'TIMEOUT',
      attempt: 2,
    });
  });

  it('writes a line for a person on a terminal', async () => {
    const { log, written } = await logTo(true);
    log.note(NOTE);
    expect(written).toEqual(['12:30:01.250 warn  cannot go on yet code=TIMEOUT attempt=2\n']);
  });

  it.each([true, false])('lets no control character out (terminal: %s)', async (isTTY) => {
    const { log, written } = await logTo(isTTY);
    log.note({ level: 'info', message: 'a\u001b[2J\u009bb\n', fields: { topic: '\u202ex\r' } });
    // eslint-disable-next-line no-control-regex -- that is what is looked for
    expect(written.join('').slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
  });

  it.each([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
  ] as const)('says at level %s what matters at least that much', async (level, said) => {
    const { log, written } = await logTo(false, level);
    for (const each of LOG_LEVELS) log.note({ level: each, message: each, fields: {} });
    expect(written.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(said);
  });

  it('ends with what to do, or with the place of a bug', async () => {
    const { log, written } = await logTo(false);
    log.failure(new AtbdError({ code: 'QUEUE_UNREACHABLE', message: 'away', hint: 'look' }));
    log.failure(new Error('BUG: odd'));
    const [expected, bug] = written.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(expected).toMatchObject({
      ...{ level: 'fatal', message: 'away', code: 'QUEUE_UNREACHABLE', hint: 'look' },
    });
    expect(bug).toMatchObject({ level: 'fatal', message: 'BUG: odd' });
    expect(bug?.['stack']).toContain('worker-log.test.ts');
  });
});
