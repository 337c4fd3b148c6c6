import type { Event } from '../../engine/model/event.js';
import { sanitizeText } from './sanitize.js';

/**
 * An event in one safe line: its message with its lines folded together; without one what its facts
 * say, such as `payment.attempt timeout acmepay 12.50 EUR attempt=2`.
 */
export function describeEvent(event: Event): string {
  const { message } = event;
  if (message !== undefined && message.trim() !== '') return foldLines(message);
  const subject = event.metric ?? event.type ?? event.operation ?? event.kind ?? '';
  return sanitizeText([subject, ...facts(event)].filter((part) => part !== '').join(' '));
}

/** The text in one safe line, the breaks between its lines shown. */
export function foldLines(text: string): string {
  return sanitizeText(
    text
      .trim()
      .replace(/\s*\r?\n\s*/gu, FOLD)
      .replaceAll('\t', ' '),
  );
}

/** The last two segments of the file and the line: enough to find it, short enough for a column. */
export function describeSource({ file, line, module }: Event): string {
  if (file === undefined) return sanitizeText(module ?? '');
  const path = file.split('/').slice(-SOURCE_SEGMENTS).join('/');
  return sanitizeText(line === undefined ? path : `${path}:${line}`);
}

const FOLD = ' ↵ ';
const SOURCE_SEGMENTS = 2;

/** Facts that say themselves what they are, the telling ones first. */
const BARE_FACTS = ['status', 'provider'] as const;

/** Facts that need their name to be understood. */
const NAMED_FACTS = ['attempt', 'order_id', 'user_id', 'product_id', 'page'] as const;

function facts(event: Event): string[] {
  const shown: string[] = [];
  if (event.value !== undefined) shown.push(`${event.value}${event.unit ? ` ${event.unit}` : ''}`);
  for (const name of BARE_FACTS) shown.push(event[name] ?? '');
  if (event.amount !== undefined) shown.push(event.amount, event.currency ?? '');
  for (const name of NAMED_FACTS) {
    const value = event[name];
    if (value !== undefined) shown.push(`${name}=${value}`);
  }
  return shown;
}
