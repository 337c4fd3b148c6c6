import { faker } from '@faker-js/faker/locale/en';
import { hash2 } from '../chance/hash.js';

const PRODUCT_COUNT = 400;
const CITY_COUNT = 120;
const ADDRESS_COUNT = 256;

/** Prices in minor units: cheap things are sold more often than dear ones. */
const PRICE_MIN = 290;
const PRICE_SPREAD = 40_000;

/** Something that is sold. */
export interface Product {
  readonly id: string;
  /** Safe within JSON. */
  readonly name: string;
  readonly page: string;
  /** Minor units of whatever currency it is paid in. */
  readonly price: number;
}

/** Texts that would be too slow to make for each event: made once, by a seed, and then only chosen from. */
export interface TextPool {
  readonly products: readonly Product[];
  /** Safe within JSON, as all texts here. */
  readonly cities: readonly string[];
  readonly addresses: readonly string[];
}

export function createTextPool(seed: number): TextPool {
  // One faker for the process: seeded anew here, and not used between two pools.
  faker.seed(seed);
  return {
    products: Array.from({ length: PRODUCT_COUNT }, (_, index) => createProduct(seed, index)),
    cities: Array.from({ length: CITY_COUNT }, () => jsonSafe(faker.location.city())),
    addresses: Array.from({ length: ADDRESS_COUNT }, () => faker.internet.ipv4()),
  };
}

function createProduct(seed: number, index: number): Product {
  const name = faker.commerce.productName();
  const slug = name.toLowerCase().replaceAll(/[^a-z0-9]+/gu, '-');
  const unit = hash2(seed, index) / 2 ** 32;
  return {
    id: `p-${1000 + index}`,
    name: jsonSafe(name),
    page: `/p/${slug}-${1000 + index}`,
    price: PRICE_MIN + Math.floor(PRICE_SPREAD * unit ** 3),
  };
}

function jsonSafe(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
