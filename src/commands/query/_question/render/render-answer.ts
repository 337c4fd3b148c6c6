import type { Answer } from '../../../../engine/model/question/answer.js';
import type { Zone } from '../../../../engine/time/zone.js';
import { csvCell } from '../../../_cli/csv-cell.js';
import { sanitizeText } from '../../../_cli/sanitize.js';
import type { Terminal } from '../../../_cli/terminal.js';
import type { AnswerFormat } from '../answer-format.js';
import { answerChart } from './answer-chart.js';
import { answerCsv, answerJson, answerNdjson } from './answer-json.js';
import { answerTable } from './answer-table.js';

export interface AnswerCanvas {
  readonly format: AnswerFormat;
  readonly terminal: Terminal;
  readonly zone: Zone;
  /** The figure that a chart draws. */
  readonly measure: string | undefined;
}

/** The answer as text for stdout. */
export function renderAnswer(answer: Answer, canvas: AnswerCanvas): string {
  const { format, terminal, zone } = canvas;
  switch (format) {
    case 'table':
      return answerTable(answer, terminal, zone);
    case 'chart':
      return answerChart(answer, canvas);
    case 'json':
      return answerJson(answer);
    case 'ndjson':
      return answerNdjson(answer);
    case 'csv': {
      const text = answerCsv(answer, csvCell);
      return terminal.isTerminal ? sanitizeText(text, { keepLineBreaks: true }) : text;
    }
  }
}
