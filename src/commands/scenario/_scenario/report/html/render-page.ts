import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type {
  ExpectationResult,
  RunAnswer,
  StoryResult,
} from '../../../../../engine/scenario/result/story-result.js';
import { formatDuration } from '../../../../../engine/time/format.js';
import { grouped, seconds } from '../render-result.js';
import { markup, join, type Html } from './escape.js';

/** Everything the page needs is inside it: it opens from a disk, a mail or a CI's artifacts, without a network. */
export async function renderPage(answer: RunAnswer): Promise<string> {
  const [uplotScript, uplotStyle, style, script] = await Promise.all([
    readPackaged('uplot/dist/uPlot.iife.min.js'),
    readPackaged('uplot/dist/uPlot.min.css'),
    readBeside('report.css'),
    readBeside('report.client.js'),
  ]);
  const title = answer.results.map(({ story }) => story.name).join(', ');
  const head = markup`<meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
    <meta name="color-scheme" content="light dark" />
    <link rel="icon" href="data:," />
    <title>${title} – atbd scenario</title>`;
  return [
    '<!doctype html>',
    `<html lang="en"><head>${head.text}<style>${uplotStyle}${style}</style></head><body>`,
    renderMain(answer).text,
    // In JSON a `<` only stands inside texts, where its code means the same and cannot end the element.
    `<script type="application/json" id="data">${JSON.stringify(answer).replaceAll('<', '\\u003c')}</script>`,
    `<script>${uplotScript}</script><script>${script}</script></body></html>\n`,
  ].join('\n');
}

const NS_PER_MS = 1_000_000n;

/** Nothing may be fetched and nothing sent, whatever the page's texts say. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

function readPackaged(name: string): Promise<string> {
  return readFile(createRequire(import.meta.url).resolve(name), 'utf8');
}

function readBeside(name: string): Promise<string> {
  return readFile(new URL(name, import.meta.url), 'utf8');
}

function renderMain({ verdict, results }: RunAnswer): Html {
  const failedCount = results.filter((result) => result.verdict === 'failed').length;
  const words =
    failedCount === 0
      ? `${results.length} ${results.length === 1 ? 'story' : 'stories'} passed`
      : `${failedCount} of ${results.length} failed`;
  return markup`<main>
    <header>
      <h1>Stories</h1>
      <span class="verdict ${verdict}">${words}</span>
      <span class="muted">${results[0]?.startedAt ?? ''}</span>
    </header>
    ${join(results.map(renderStory))}
    <footer>Made by atbd scenario. It holds all of its data and asks no network.</footer>
  </main>`;
}

function renderStory(result: StoryResult, index: number): Html {
  const { story, verdict, expectations } = result;
  return markup`<article id="story-${String(index)}">
    <div class="title">
      <h2>${story.title}</h2>
      <span class="verdict ${verdict}">${verdict}</span>
      <span class="name">${story.name}</span>
    </div>
    <p class="muted">${story.description}</p>
    ${renderFacts(result)}
    <h3>Expectations</h3>
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th></th>
            <th>what</th>
            <th>expected</th>
            <th>seen</th>
            <th>see it yourself</th>
          </tr>
        </thead>
        <tbody>
          ${join(expectations.map(renderExpectation))}
        </tbody>
      </table>
    </div>
    ${renderEvents(result)} ${renderStoryCharts(result, index)}
    <h3>The pipe, by the clock on the wall</h3>
    ${chart(index, 'pipe', 'Records sent and stored since the load began')}
    ${result.logFolder === null ? markup`` : markup`<p class="caption">Logs of every part: <code>${result.logFolder}</code></p>`}
  </article>`;
}

function renderFacts({ story, load, tookMs }: StoryResult): Html {
  const facts: (readonly [string, string])[] = [
    ['records', grouped(load.sent)],
    ['sent in', seconds(load.sendMs)],
    ['stored after', load.settleMs === null ? 'not all' : seconds(load.settleMs)],
    ['story', `${length(load.toMs - load.fromMs)}, ${story.clock}`],
    ['stack', `${story.shards} shards, ${story.queue}`],
    ['seed', String(story.seed)],
    ['duplicated', grouped(load.duplicated)],
    ['late', grouped(load.late)],
    ['meant to be dead', grouped(load.dead)],
    ['took', seconds(tookMs)],
  ];
  return markup`<dl class="facts">
    ${join(
      facts.map(
        ([name, value]) =>
          markup`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      ),
    )}
  </dl>`;
}

function renderExpectation(result: ExpectationResult): Html {
  const { title, isMet, expected, seen, command, details } = result;
  return markup`<tr>
    <td class="mark ${isMet ? 'met' : 'missed'}">${isMet ? '✓' : '✗'}</td>
    <td>${title}</td>
    <td>${expected}</td>
    <td>${seen}${details.length > 0 ? markup`<pre>${details.join('\n')}</pre>` : markup``}</td>
    <td><code>${command}</code></td>
  </tr>`;
}

function renderEvents({ faults, chaos, load }: StoryResult): Html {
  if (faults.length + chaos.length === 0) return markup``;
  const wholeMs = load.toMs - load.fromMs;
  const entries = [
    ...faults.map(({ words, fromMs, toMs }) => {
      const isWhole = toMs - fromMs >= wholeMs;
      const when = isWhole ? 'all the time' : `${length(fromMs)} to ${length(toMs)}`;
      return { kind: 'fault', words: `${words}, ${when}` };
    }),
    ...chaos.map(({ words, beganMs, endedMs }) => ({
      kind: 'chaos',
      words: `${words}, ${seconds(beganMs)} after the begin, over at ${seconds(endedMs)}`,
    })),
  ];
  return markup`<h3>What was broken</h3>
    <ul class="events">
      ${join(entries.map(({ kind, words }) => markup`<li><i class="${kind}"></i>${words}</li>`))}
    </ul>`;
}

/** Of story time. */
function length(ms: number): string {
  return formatDuration(BigInt(Math.round(ms)) * NS_PER_MS);
}

function renderStoryCharts({ observations: { steps } }: StoryResult, index: number): Html {
  // One stretch is a point and no line.
  if (steps.length < 2) return markup``;
  const hasRequests = steps.some(({ requestP95Ms }) => requestP95Ms !== null);
  return markup`<h3>What the store shows, by the story’s own time</h3>
    ${chart(index, 'events', 'Events per second')}
    ${chart(index, 'errors', 'Errors and failed payments')}
    ${hasRequests ? chart(index, 'latency', 'Duration of requests, 95th percentile') : markup``}`;
}

function chart(index: number, name: string, caption: string): Html {
  return markup`<p class="caption">${caption}</p>
    <div
      class="chart"
      data-result="${String(index)}"
      data-chart="${name}"
      role="img"
      aria-label="${caption}"
    ></div>`;
}
