import type { Random } from '../../model/random.js';
import { createPick, pick, type LineSource, type RenderLine } from './line-source.js';
import { commonLogTime } from './line-time.js';

/** What a client asked for and got. */
export interface Request {
  readonly client: string;
  /** Empty for a visitor who is not logged in. */
  readonly user: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly bytes: number;
  readonly durationMs: number;
}

type Page = 'home' | 'product' | 'search' | 'cart' | 'order' | 'asset';

const pickPage = createPick<Page>([
  ['product', 9],
  ['search', 4],
  ['asset', 4],
  ['home', 3],
  ['cart', 2],
  ['order', 1],
]);

const pickStatus = createPick([
  [200, 86],
  [304, 5],
  [404, 4],
  [302, 2],
  [500, 1],
  [503, 1],
  [403, 1],
]);

/** One user in so many is logged in. */
const LOGGED_IN_SHARE = 4;
const BYTES_MAX = 60_000;
const DURATION_MS_TYPICAL = 40;

/** A shop's visitor asks for a page. */
export function createRequest({ random, words }: LineSource): Request {
  const page = pickPage(random);
  const isWrite = page === 'order' || page === 'cart';
  return {
    client: publicAddress(random),
    user: random.integerBelow(LOGGED_IN_SHARE) === 0 ? pick(random, words.userNames) : '',
    method: isWrite ? 'POST' : 'GET',
    path: pathOf(page, { random, words }),
    status: pickStatus(random),
    bytes: random.integerBelow(BYTES_MAX),
    // Most answers are quick, a few take very long.
    durationMs: Math.round(-Math.log(1 - random.next()) * DURATION_MS_TYPICAL * 1000) / 1000,
  };
}

function pathOf(page: Page, { random, words }: LineSource): string {
  switch (page) {
    case 'home':
      return '/';
    case 'product':
      return `/product/${pick(random, words.products)}`;
    case 'search':
      return `/search?q=${pick(random, words.products)}&page=${1 + random.integerBelow(5)}`;
    case 'cart':
      return '/cart/item';
    case 'order':
      return `/order/${100_000 + random.integerBelow(900_000)}/payment`;
    case 'asset':
      return `/asset/${pick(random, words.products)}.webp`;
  }
}

/** Somewhere between 11.x and 99.x: no private or reserved network starts there. */
function publicAddress(random: Random): string {
  const part = (): number => random.integerBelow(256);
  return `${11 + random.integerBelow(89)}.${part()}.${part()}.${1 + random.integerBelow(254)}`;
}

const start = ({ client, user }: Request, timeMs: number): string =>
  `${client} - ${user === '' ? '-' : user} [${commonLogTime(timeMs)}]`;

/** NCSA common log format: Apache's `common`. */
export const renderCommon: RenderLine = (timeMs, source) =>
  commonLine(createRequest(source), timeMs, 'HTTP/1.1');

/** Apache's `combined`: common, the page before and the browser. */
export const renderCombined: RenderLine = (timeMs, source) =>
  combinedLine(timeMs, source, 'HTTP/1.1');

/** The same as nginx writes it: of requests over HTTP/2. */
export const renderNginx: RenderLine = (timeMs, source) => combinedLine(timeMs, source, 'HTTP/2.0');

function combinedLine(timeMs: number, source: LineSource, protocol: string): string {
  const { random, words } = source;
  const request = createRequest(source);
  const referer = random.integerBelow(2) === 0 ? '-' : 'https://shop.example.com/';
  return `${commonLine(request, timeMs, protocol)} "${referer}" "${pick(random, words.userAgents)}"`;
}

function commonLine(request: Request, timeMs: number, protocol: string): string {
  const { method, path, status, bytes } = request;
  return `${start(request, timeMs)} "${method} ${path} ${protocol}" ${status} ${bytes}`;
}
