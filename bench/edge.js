// The edge: lines per second of CPU time of each format, decoded, mapped, encoded and batched for the queue, in one process without a queue.
// npm run bench -- edge [lines]
import { BatchSender } from '../dist/engine/edge/batch-sender.js';
import { createPatternFormat } from '../dist/engine/edge/format/text.js';
import { createParseTime } from '../dist/engine/edge/parse-time.js';
import { newLineCounts, pumpLines } from '../dist/engine/edge/pump-lines.js';
import { formatOf } from '../dist/engine/edge/recognise-format.js';

const CHUNK_BYTES = 256 * 1024;
const RUNS = 3;

const parseTime = createParseTime({ offsetMsAt: () => 0 });

const ERROR = {
  type: 'CallFailed',
  message: 'provider answered 503',
  stack: 'CallFailed: provider answered 503\n    at charge (service/payment.js:28:9)',
};

const CASES = {
  'atbd, as bytes': {
    format: formatOf('atbd', parseTime),
    line: (n) =>
      `{"ts":"2026-11-20T10:00:00.${String(n % 1000).padStart(3, '0')}Z","kind":"log","service":"payment","level":"info","message":"charge ${n} answered","op_id":"op-${n % 997}"}`,
  },
  pino: {
    format: formatOf('json', parseTime),
    line: (n) =>
      `{"level":30,"time":${1_795_470_590_910 + n},"pid":417,"hostname":"vm","name":"payment","op_id":"op-${n % 997}","span_id":"s-${n}","operation":"buy","order_id":"o-${n}","file":"service/payment.js","line":28,"provider":"paybridge","attempt":1,"msg":"/charge answered ${n}"}`,
  },
  'pino with an error': {
    format: formatOf('json', parseTime),
    line: (n) =>
      JSON.stringify({
        level: 50,
        time: 1_795_470_590_910 + n,
        pid: 417,
        hostname: 'vm',
        name: 'payment',
        req: { id: `r-${n}`, method: 'POST' },
        err: ERROR,
        msg: 'no answer',
      }),
  },
  'logback JSON': {
    format: formatOf('json', parseTime),
    line: (n) =>
      `{"@timestamp":"2026-11-20T10:00:00.${String(n % 1000).padStart(3, '0')}+01:00","logger_name":"shop.pay.Gateway","thread_name":"main-${n % 8}","level":"WARN","message":"slow answer ${n}","traceId":"t-${n % 997}","spanId":"s-${n}","kubernetes":{"pod":{"name":"pay-0"}}}`,
  },
  openstack: {
    format: formatOf('openstack', parseTime),
    line: (n) =>
      `nova-api.log 2026-11-20 10:00:00.${String(n % 1000).padStart(3, '0')} 25746 INFO nova.osapi_compute.wsgi.server [req-${n % 997} u-1 p-1 - - -] 10.11.10.1 "GET /v2/servers/detail HTTP/1.1" status: 200 len: 1893`,
  },
  combined: {
    format: formatOf('combined', parseTime),
    line: (n) =>
      `10.0.${n % 255}.1 - bob [10/Nov/2026:13:55:36 -0700] "GET /cart/${n} HTTP/1.1" 200 ${n} "http://shop/" "Mozilla/5.0 (X11; Linux x86_64)"`,
  },
  '--pattern': {
    format: createPatternFormat(
      '^(?<ts>\\S+) (?<level>[A-Z]+) \\[(?<thread>[^\\]]*)\\] (?<message>.*)$',
      parseTime,
    ),
    line: (n) => `2026-11-20T10:00:00.000Z WARN [main-${n % 8}] slow answer ${n} of the provider`,
  },
  plain: { format: formatOf('plain', parseTime), line: (n) => `slow answer ${n} of the provider` },
};

export default async function bench([lineCount = '200000']) {
  const total = Number(lineCount);
  console.log('format               lines/CPU-s (best of 3)   MB/s');
  for (const [name, { format, line }] of Object.entries(CASES)) {
    const lines = Array.from({ length: total }, (_, n) => line(n));
    const bytes = Buffer.from(`${lines.join('\n')}\n`);
    const seconds = [];
    for (let run = 0; run < RUNS; run++) seconds.push(await measure(format, bytes, total));
    const best = Math.min(...seconds);
    const rate = Math.round(total / best).toLocaleString('en-US');
    console.log(
      `${name.padEnd(20)} ${rate.padStart(10)} ${(bytes.length / best / 1e6).toFixed(0).padStart(16)}`,
    );
  }
}

async function measure(format, bytes, lineCount) {
  let sentCount = 0;
  const producer = {
    send: async (_topic, batch) => {
      sentCount += batch.length;
    },
  };
  const before = process.cpuUsage();
  await pumpLines(chunksOf(bytes), {
    sender: new BatchSender(producer, 'events'),
    counts: newLineCounts(),
    chooseFormat: () => format,
    set: {},
    keyField: 'op_id',
    isMultiline: true,
    isBackfill: false,
    nowMs: Date.UTC(2026, 10, 23),
    isCutShort: () => false,
    onOldTimes: () => undefined,
  });
  if (sentCount !== lineCount) throw new Error(`${sentCount} of ${lineCount} lines were sent`);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

async function* chunksOf(bytes) {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}
