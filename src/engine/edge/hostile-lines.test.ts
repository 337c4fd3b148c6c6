import { isUtf8 } from 'node:buffer';
import { expect, it } from 'vitest';
import { VALUE_BYTES_MAX } from '../model/limit.js';
import type { QueueMessage } from '../model/queue.js';
import { ByteMutator } from '../testing/fuzz/byte-mutator.js';
import { eventFaultOf } from '../testing/fuzz/event-fault.js';
import { type FuzzRound, fuzzRounds } from '../testing/fuzz/fuzz-plan.js';
import { VALID_VALUES } from '../testing/fuzz/valid-values.js';
import { BatchSender } from './batch-sender.js';
import { createPatternFormat } from './format/text.js';
import type { LineFormat } from './line-format.js';
import { createParseTime } from './parse-time.js';
import { type LineCounts, newLineCounts, pumpLines } from './pump-lines.js';
import { FORMAT_NAMES, type FormatName, formatOf } from './recognise-format.js';
import type { TopicFormat } from './topic/topic-spec.js';

const STRING_COUNT = 100_000;
const ROUND_SIZE = 5_000;
const READ_BYTES_MAX = 10_000;
const SET = { attrs: { team: 't' } };

const parseTime = createParseTime({ offsetMsAt: () => 0 });
const PATTERN = String.raw`^(?<ts>\S+) (?<level>\w+) (?<message>.*)$`;

/** Each format, and what it is given mutations of. */
const INPUTS: readonly (readonly [LineFormat, TopicFormat])[] = [
  ...FORMAT_NAMES.map((name) => [formatOf(name, parseTime), valuesFor(name)] as const),
  [createPatternFormat(PATTERN, parseTime), 'text'],
  [formatOf('json', parseTime), 'otlp-json'],
];

function valuesFor(name: FormatName): TopicFormat {
  return name === 'atbd' || name === 'json' ? name : 'text';
}

interface Case extends FuzzRound {
  readonly format: LineFormat;
  readonly values: TopicFormat;
  readonly isMultiline: boolean;
  readonly isSet: boolean;
}

interface Outcome {
  readonly messages: readonly QueueMessage[];
  readonly counts: LineCounts;
}

/** Each format in turn, with and without what else changes how lines are taken. */
function caseOf(round: FuzzRound): Case {
  const turn = Math.floor(round.seed / INPUTS.length);
  const [format, values] = INPUTS[round.seed % INPUTS.length]!;
  return { ...round, format, values, isMultiline: turn % 2 === 0, isSet: turn % 3 === 2 };
}

function bytesOf({ seed, stringCount, values }: Case): Buffer {
  const mutator = new ByteMutator(VALID_VALUES[values], seed);
  const newline = Buffer.from('\n');
  return Buffer.concat(Array.from({ length: stringCount }, () => [mutator.next(), newline]).flat());
}

/** What the reader should see, found another way than it does. */
function linesOf(bytes: Buffer): Buffer[] {
  const lines = bytes.toString('latin1').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines
    .map((line, index) => line.replace(/\r$/, '').replace(index === 0 ? /^\xef\xbb\xbf/ : '', ''))
    .map((line) => Buffer.from(line, 'latin1'));
}

async function outcomeOf(bytes: Buffer, { format, isMultiline, isSet }: Case): Promise<Outcome> {
  const messages: QueueMessage[] = [];
  const producer = {
    send: (_topic: string, batch: readonly QueueMessage[]) => {
      messages.push(...batch);
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  async function* source(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += READ_BYTES_MAX)
      yield await Promise.resolve(bytes.subarray(at, at + READ_BYTES_MAX));
  }
  const counts = newLineCounts();
  await pumpLines(source(), {
    ...{ sender: new BatchSender(producer, 'events'), counts, chooseFormat: () => format },
    ...{ set: isSet ? SET : {}, keyField: 'op_id', isMultiline, isBackfill: false, nowMs: 0 },
    ...{ isCutShort: () => false, onOldTimes: () => undefined },
  });
  return { messages, counts };
}

interface SentEvent {
  readonly message?: unknown;
  readonly attrs?: { readonly unparsed?: unknown };
}

function asEvent({ value }: QueueMessage): SentEvent {
  return JSON.parse(String(value)) as SentEvent;
}

/** What is wrong with the message that was made of one line. */
function faultOf(line: Buffer, message: QueueMessage, { format, isSet }: Case): string | undefined {
  const { value } = message;
  if (value === null || Buffer.byteLength(value) > VALUE_BYTES_MAX) return 'no value, or too large';
  // Our own events pass as the bytes they are; the store judges them.
  if (value instanceof Buffer) {
    const mayPass = format.name === 'atbd' && !isSet && isUtf8(line);
    return mayPass && value.equals(line) ? undefined : 'other bytes';
  }
  const fault = eventFaultOf(String(value));
  if (fault !== undefined) return fault;
  const event = asEvent(message);
  const isWhole = format.name === 'plain' || event.attrs?.unparsed === format.name;
  return isWhole && event.message !== line.toString('utf8') ? 'another text' : undefined;
}

function faultsOf(bytes: Buffer, { messages, counts }: Outcome, fuzz: Case): string[] {
  const lines = linesOf(bytes);
  const filled = lines.filter((line) => !/^[ \t]*$/.test(line.toString('latin1')));
  const { blank, joined, invalid_utf8: replaced } = counts.reasons;
  // A line that was joined and had bad bytes is counted for these.
  const slack = fuzz.isMultiline ? replaced : 0;
  const missing = counts.readCount - counts.eventCount - blank - joined;
  const faults: string[] = [];
  if (counts.readCount !== lines.length)
    faults.push(`${counts.readCount} of ${lines.length} lines`);
  if (blank !== lines.length - filled.length) faults.push(`${blank} blank lines`);
  if (counts.eventCount !== messages.length) faults.push(`${messages.length} messages`);
  // A request can hold several events.
  const isTooMany = missing < 0 && fuzz.values !== 'otlp-json';
  if (isTooMany || missing > slack) faults.push(`${missing} lines without an event`);
  if (joined === 0 && messages.length === filled.length && fuzz.values !== 'otlp-json') {
    const each = filled.map((line, index) => faultOf(line, messages[index]!, fuzz));
    for (const [index, fault] of each.entries())
      if (fault !== undefined) faults.push(`${fault} for ${filled[index]!.toString('latin1')}`);
  } else if (fuzz.format.name === 'plain') {
    const text = messages.map((message) => asEvent(message).message).join('\n');
    if (text !== filled.map((line) => line.toString('utf8')).join('\n'))
      faults.push('another text');
  } else {
    const each = messages.map(({ value }) => eventFaultOf(String(value)));
    faults.push(...each.filter((fault) => fault !== undefined));
  }
  return faults;
}

it('sends every line of mutated logs, in each format, and stops at none', async () => {
  for (const round of fuzzRounds(STRING_COUNT, ROUND_SIZE)) {
    const fuzz = caseOf(round);
    const bytes = bytesOf(fuzz);
    const faults = faultsOf(bytes, await outcomeOf(bytes, fuzz), fuzz);
    expect(
      faults.slice(0, 5),
      `ATBD_FUZZ_SEED=${fuzz.seed}, ${fuzz.values} as ${fuzz.format.name}`,
    ).toEqual([]);
  }
}, 600_000);
