/** How logs can be written. */
export const LOG_FORMATS = ['table', 'json', 'ndjson', 'csv', 'raw'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** How the answer of a search can be written: events by those, figures about them by those of figures. */
export const SEARCH_FORMATS = [...LOG_FORMATS, 'chart'] as const;
export type SearchFormat = (typeof SEARCH_FORMATS)[number];
