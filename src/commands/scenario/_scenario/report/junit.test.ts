import { expect, it } from 'vitest';
import {
  expectationResult,
  runAnswer,
  storyResult,
} from '../../../../engine/scenario/testing/story-result.js';
import { renderJunit } from './junit.js';

it('writes a suite for each story and a case for each expectation, with what differs', () => {
  const failed = expectationResult({
    isMet: false,
    seen: '2',
    title: 'logs "<odd>" & more',
    details: ['type log: expected 3, stored 2', 'a control \u0007 and half a pair \ud800'],
  });
  const result = storyResult({
    verdict: 'failed',
    expectations: [expectationResult(), failed],
    logFolder: '/tmp/log',
  });
  expect(renderJunit(runAnswer(result))).toMatchInlineSnapshot(`
    "<?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="atbd scenario">
    <testsuite name="short" tests="2" failures="1" errors="0" skipped="0" timestamp="2026-11-23T10:00:00.000Z" time="4.321">
      <testcase classname="short" name="logs --level error: 3" time="1.500"></testcase>
      <testcase classname="short" name="logs &quot;&lt;odd&gt;&quot; &amp; more" time="1.500"><failure type="logs" message="expected 3, seen 2">type log: expected 3, stored 2
    a control � and half a pair �
    see it: atbd query logs --level error</failure></testcase>
    <system-out>logs: /tmp/log</system-out></testsuite>
    </testsuites>
    "
  `);
});
