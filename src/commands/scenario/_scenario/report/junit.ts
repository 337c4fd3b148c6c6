import type {
  ExpectationResult,
  RunAnswer,
  StoryResult,
} from '../../../../engine/scenario/result/story-result.js';
import { markup, join, type Html } from './html/escape.js';

/** The answer as JUnit XML: a suite for each story, a case for each expectation. */
export function renderJunit({ results }: RunAnswer): string {
  const suites = join(results.map(suite));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="atbd scenario">\n${suites.text}\n</testsuites>\n`;
}

function suite({ story, expectations, startedAt, tookMs, logFolder }: StoryResult): Html {
  const failureCount = expectations.filter(({ isMet }) => !isMet).length;
  const cases = expectations.map((expectation) => testCase(story.name, expectation));
  const logs = logFolder === null ? markup`` : markup`<system-out>logs: ${logFolder}</system-out>`;
  const attributes = markup`name="${story.name}" tests="${String(expectations.length)}" failures="${String(failureCount)}" errors="0" skipped="0" timestamp="${startedAt}" time="${inSeconds(tookMs)}"`;
  return markup`<testsuite ${attributes}>
${join(cases)}
${logs}</testsuite>`;
}

function testCase(storyName: string, expectation: ExpectationResult): Html {
  const { title, isMet, expected, seen, command, details, tookMs } = expectation;
  const failure = isMet
    ? markup``
    : markup`<failure type="${expectation.kind}" message="expected ${expected}, seen ${seen}">${[...details, `see it: ${command}`].join('\n')}</failure>`;
  return markup`  <testcase classname="${storyName}" name="${title}" time="${inSeconds(tookMs)}">${failure}</testcase>`;
}

function inSeconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
