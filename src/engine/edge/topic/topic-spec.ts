/** How the records of a topic are written. `atbd`: our own events, which nobody parses on their way. */
export const TOPIC_FORMATS = ['atbd', 'json', 'text', 'debezium', 'otlp-json'] as const;
export type TopicFormat = (typeof TOPIC_FORMATS)[number];

/** A topic as the settings describe it. */
export interface TopicSpec {
  readonly name: string;
  readonly format: TopicFormat;
  /** Of `text`: `openstack`, `combined`, `plain` (the default), or an RE2 expression whose named groups are the event's fields. */
  readonly pattern?: string | undefined;
  /** The service of events that name none. */
  readonly service?: string | undefined;
  /** Whether that is the record's key, where it has one. */
  readonly serviceFromKey?: boolean | undefined;
  /** Of `debezium`: the type of a table's changes (`orders`), or of one kind of them (`orders.created`). */
  readonly types?: Readonly<Record<string, string>> | undefined;
  /** Of `debezium`: which field a column is, where its name does not say so: `id: order_id`. */
  readonly columns?: Readonly<Record<string, string>> | undefined;
}
