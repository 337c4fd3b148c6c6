import { CATALOGUE_LOG, GATEWAY_LOG } from '../statement/shop-log.js';
import { serviceIndexOf } from '../shop/service.js';
import type { Product } from '../shop/text-pool.js';
import type { ActionOutcome } from '../truth.js';
import type { Run, Visit } from './run.js';

const GATEWAY = serviceIndexOf('gateway');
const CATALOGUE = serviceIndexOf('catalogue');

/** What a visitor looks at. */
export type Page =
  | { readonly kind: 'product'; readonly product: Product }
  | { readonly kind: 'search'; readonly word: string; readonly hitCount: number }
  | { readonly kind: 'missing'; readonly product: Product };

/** A page is asked for and served; the visit of the page is a fact whatever the service says to it. */
export function view(run: Run, page: Page): ActionOutcome {
  const gateway = run.enter(GATEWAY, null);
  if (run.fails(gateway)) return 'failed';
  run.work(gateway, 700);
  const path = pathOf(page);
  const productField = page.kind === 'product' ? `,"product_id":"${page.product.id}"` : '';
  run.record(gateway, {
    type: 'page.view',
    status: '',
    fields: `,"page":"${path}"${productField}`,
  });
  const isServed = lookUp(run, gateway, page);
  const ms = Math.round((run.nowUs - gateway.startUs) / 1000);
  if (!isServed) run.say(gateway, GATEWAY_LOG.upstreamFailed, [`GET ${path}`, ms, 'catalogue']);
  else if (page.kind === 'missing') run.say(gateway, GATEWAY_LOG.notFound, [`GET ${path}`, ms]);
  else run.say(gateway, GATEWAY_LOG.served, [`GET ${path}`, 200, ms]);
  run.leave(gateway, isServed ? 'ok' : 'error');
  if (!isServed) return 'failed';
  return page.kind === 'missing' ? 'refused' : 'ok';
}

function lookUp(run: Run, gateway: Visit, page: Page): boolean {
  const catalogue = run.enter(CATALOGUE, gateway);
  if (run.fails(catalogue)) return false;
  run.work(catalogue, page.kind === 'search' ? 21_000 : 4_500);
  const ms = Math.round((run.nowUs - catalogue.startUs) / 1000);
  switch (page.kind) {
    case 'product': {
      const stock = 3 + run.world.random.below(400);
      run.say(catalogue, CATALOGUE_LOG.found, [page.product.name, page.product.id, stock]);
      break;
    }
    case 'search':
      run.say(catalogue, CATALOGUE_LOG.searched, [page.word, page.hitCount, ms]);
      break;
    case 'missing':
      run.say(catalogue, CATALOGUE_LOG.missing, [pathOf(page)]);
      break;
  }
  run.leave(catalogue, 'ok');
  return true;
}

function pathOf(page: Page): string {
  switch (page.kind) {
    case 'product':
      return page.product.page;
    case 'search':
      return `/search?q=${page.word}`;
    case 'missing':
      return `${page.product.page}-old`;
  }
}
