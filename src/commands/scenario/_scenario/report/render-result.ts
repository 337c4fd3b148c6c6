import type { ChalkInstance } from 'chalk';
import type {
  ExpectationResult,
  StoryResult,
} from '../../../../engine/scenario/result/story-result.js';
import { sanitizeText } from '../../../_cli/sanitize.js';

/** A story's outcome for a person: what was sent, what held, and of what did not, how to see it. */
export function renderResult(result: StoryResult, style: ChalkInstance): string {
  const { expectations, tookMs, logFolder } = result;
  const metCount = expectations.filter(({ isMet }) => isMet).length;
  const verdict = `${metCount} of ${expectations.length} expectations hold`;
  const hasPassed = result.verdict === 'passed';
  const lines = [
    headline(result, style),
    ...expectations.flatMap((expectation) => renderExpectation(expectation, style)),
    `  ${hasPassed ? style.green(`passed: ${verdict}`) : style.red(`FAILED: ${verdict}`)} ${style.dim(`(${seconds(tookMs)})`)}`,
  ];
  if (logFolder !== null) lines.push(`  logs of every part: ${logFolder}`);
  return lines.join('\n');
}

function headline({ story, load }: StoryResult, style: ChalkInstance): string {
  const { sent, sendMs, settleMs } = load;
  const stored = settleMs === null ? 'not all stored' : `stored ${seconds(settleMs)} later`;
  const facts = `seed ${story.seed}, ${grouped(sent)} records sent in ${seconds(sendMs)}, ${stored}`;
  return `${style.bold(sanitizeText(story.name))}: ${sanitizeText(story.title)} ${style.dim(`(${facts})`)}`;
}

function renderExpectation(
  { title, isMet, expected, seen, command, details, tookMs }: ExpectationResult,
  style: ChalkInstance,
): string[] {
  const mark = isMet ? style.green('✓') : style.red('✗');
  const line = `  ${mark} ${sanitizeText(title)}`;
  if (isMet) return [`${line} ${style.dim(`(${sanitizeText(seen)})`)}`];
  return [
    `${line} ${style.dim(`(given up after ${seconds(tookMs)})`)}`,
    `      expected  ${sanitizeText(expected)}`,
    `      seen      ${sanitizeText(seen)}`,
    ...details.map((detail) => `                ${style.dim(sanitizeText(detail))}`),
    `      see it    ${sanitizeText(command)}`,
  ];
}

/** `1,234,567`. */
export function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

/** `1.2 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
