import { describe, expect, it } from 'vitest';
import { describeTerminal } from './terminal.js';

describe('a terminal', () => {
  it.each([
    [{ isTTY: true, columns: 132 }, {}, { isTerminal: true, width: 132, isColor: true }],
    [{ isTTY: true, columns: 0 }, {}, { isTerminal: true, width: 80, isColor: true }],
    [{ isTTY: true, columns: 10 }, {}, { isTerminal: true, width: 40, isColor: true }],
    [
      { isTTY: true, columns: 80 },
      { NO_COLOR: '1' },
      { isTerminal: true, width: 80, isColor: false },
    ],
    [
      { isTTY: true, columns: 80 },
      { TERM: 'dumb' },
      { isTerminal: true, width: 80, isColor: false },
    ],
    [{ columns: 80 }, {}, { isTerminal: false, width: 200, isColor: false }],
    [{}, { COLUMNS: '110' }, { isTerminal: false, width: 110, isColor: false }],
    [{}, { COLUMNS: 'wide' }, { isTerminal: false, width: 200, isColor: false }],
    [{}, { FORCE_COLOR: '1' }, { isTerminal: false, width: 200, isColor: true }],
    [{}, { FORCE_COLOR: '1', NO_COLOR: '1' }, { isTerminal: false, width: 200, isColor: false }],
  ])('%j with %j', (stream, env, expected) => {
    const { isTerminal, width, paint } = describeTerminal(stream, env);
    expect({ isTerminal, width, isColor: paint('red', 'x') !== 'x' }).toEqual(expected);
  });
});
