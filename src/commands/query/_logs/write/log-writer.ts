import { CsvLogWriter } from './csv-log-writer.js';
import { JsonLogWriter, NdjsonLogWriter } from './json-log-writer.js';
import type { LogFormat } from '../log-format.js';
import type { LogCanvas, LogWriter } from './log-page.js';
import { RawLogWriter } from './raw-log-writer.js';
import { FieldTableWriter, LogTableWriter } from './table-log-writer.js';

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
