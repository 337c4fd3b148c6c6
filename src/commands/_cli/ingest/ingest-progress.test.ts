import { describe, expect, it } from 'vitest';
import { describeProgress, describeReport, summarise } from './ingest-progress.js';

const input = {
  path: 'a.log',
  format: 'json',
  readCount: 1_200,
  sentCount: 1_190,
  byteCount: 5_000,
  reasons: { blank: 10, unparsed: 3 },
  error: null,
};

describe('the summary of ingest', () => {
  it('adds the inputs up and does not call a blank line rejected', () => {
    const report = summarise([input, input], { topic: 'events', seconds: 2 });
    expect(report).toMatchObject({
      readCount: 2_400,
      sentCount: 2_380,
      rejectedCount: 6,
      reasons: { blank: 20, unparsed: 6 },
    });
    expect(describeReport(report)).toBe(
      'Sent 2,380 events of 2,400 lines to events in 2.0 s (1,190/s).\n' +
        '  20 blank lines left out (blank)\n' +
        '  6 lines that did not fit the format sent as plain text (unparsed)',
    );
  });

  it('tells rate and time left while it goes', () => {
    expect(
      describeProgress({ readCount: 500, byteCount: 25 }, { seconds: 1, totalBytes: 100 }),
    ).toBe('500 lines · 500/s · 25 % · 3 s left');
    expect(
      describeProgress({ readCount: 0, byteCount: 0 }, { seconds: 0, totalBytes: undefined }),
    ).toBe('0 lines · 0/s');
  });
});
