import type { Fault } from '../../generate/fault/fault.js';

/** What goes wrong, in words for a line or a page. */
export function describeFault(fault: Fault): string {
  const about = Object.entries(fault).flatMap(([name, value]) =>
    ABOUT.has(name) ? [String(value)] : [],
  );
  const what = fault.kind.replaceAll('-', ' ');
  return about.length === 0 ? what : `${what}: ${about.join(', ')}`;
}

/** Settings that say who; how much and how often is in the story's file. */
const ABOUT: ReadonlySet<string> = new Set(['provider', 'service', 'operation']);
