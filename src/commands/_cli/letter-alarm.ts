import { sizeText } from './size-text.js';

/** From this share of the limit on there is an alarm: early enough to look into it by day. */
const ALARM_SHARE = 0.5;

/** What dead letters take on the disk, over the shards that answered, and what they may take. */
export interface LetterSpace {
  readonly bytes: number;
  /** `deadLetters.limit` of the context. */
  readonly limitBytes: number;
  readonly isNearLimit: boolean;
}

export function letterSpace(bytes: number, limitBytes: number): LetterSpace {
  return { bytes, limitBytes, isNearLimit: bytes >= limitBytes * ALARM_SHARE };
}

/** What the table of dead letters takes, among all tables. */
export function letterBytesIn(
  tables: readonly { readonly name: string; readonly bytes: number }[],
): number {
  return tables.find(({ name }) => name === 'dead_letters')?.bytes ?? 0;
}

/** The alarm in words, and what to do; undefined while there is none. */
export function letterAlarm({ bytes, limitBytes, isNearLimit }: LetterSpace): string | undefined {
  if (!isNearLimit) return undefined;
  const share = `${Math.floor((bytes / limitBytes) * 100)} %`;
  const said = `Dead letters take ${sizeText(bytes)}, ${share} of their limit of ${sizeText(limitBytes)}.`;
  return `${said} See why: atbd dlq ls; then send them again (atbd dlq replay) or drop them (atbd dlq drop).`;
}
