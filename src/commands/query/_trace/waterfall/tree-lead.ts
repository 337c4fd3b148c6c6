import type { TraceRow } from '../../../../engine/trace/trace-tree.js';

/** What stands in front of a row's text, of the lines below it, and of a line above it. */
export interface TreeLead {
  readonly first: string;
  readonly more: string;
  readonly before: string;
}

/** Two columns a level, for at most a third of the text's width; deeper rows say their depth. */
export function treeLead(
  { depth, isContinued, node }: TraceRow<{ readonly children: readonly unknown[] }>,
  textWidth: number,
): TreeLead {
  const levelsMax = Math.max(1, Math.floor(textWidth / 6));
  const below = node.children.length > 0 ? '│ ' : '';
  if (depth > levelsMax) {
    const label = `»${depth} `;
    const space = ' '.repeat(label.length);
    return { first: label, more: space, before: space };
  }
  if (depth === 0) {
    return { first: '', more: below, before: '' };
  }
  const above = isContinued
    .slice(0, -1)
    .map((isOpen) => (isOpen ? '│ ' : '  '))
    .join('');
  const isOpen = isContinued.at(-1) ?? false;
  return {
    first: `${above}${isOpen ? '├─' : '└─'}`,
    more: `${above}${isOpen ? '│ ' : '  '}${below}`,
    before: `${above}│ `,
  };
}
