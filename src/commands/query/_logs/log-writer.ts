import { CsvLogWriter } from './csv-log-writer.js';
import { JsonLogWriter, NdjsonLogWriter } from './json-log-writer.js';
import type { LogCanvas, LogWriter } from './log-page.js';
import { RawLogWriter } from './raw-log-writer.js';
import { FieldTableWriter, LogTableWriter } from './table-log-writer.js';

/** How logs can be written. */
export const LOG_FORMATS = ['table', 'json', 'ndjson', 'csv', 'raw'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** The writer of a format. */
export function createLogWriter(format: LogFormat, canvas: LogCanvas): LogWriter {
  switch (format) {
    case 'table':
      return canvas.fields === undefined
        ? new LogTableWriter(canvas)
        : new FieldTableWriter(canvas, canvas.fields);
    case 'json':
      return new JsonLogWriter();
    case 'ndjson':
      return new NdjsonLogWriter();
    case 'csv':
      return new CsvLogWriter(canvas);
    case 'raw':
      return new RawLogWriter(canvas.terminal);
  }
}
