/** How an answer of figures can be written. */
export const ANSWER_FORMATS = ['table', 'chart', 'json', 'ndjson', 'csv'] as const;
export type AnswerFormat = (typeof ANSWER_FORMATS)[number];
