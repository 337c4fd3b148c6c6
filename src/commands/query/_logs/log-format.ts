/** How logs can be written. */
export const LOG_FORMATS = ['table', 'json', 'ndjson', 'csv', 'raw'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];
