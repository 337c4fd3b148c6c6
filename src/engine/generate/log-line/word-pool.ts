/** The texts that lines are made of. Made once: the words library is far too slow to be asked for each line. */
export interface WordPool {
  readonly userNames: readonly string[];
  readonly userAgents: readonly string[];
  readonly phrases: readonly string[];
  readonly products: readonly string[];
  readonly hosts: readonly string[];
}

/** Enough that a log looks like one, and made in a few milliseconds. */
const WORDS_PER_KIND = 200;

const HOST_COUNT = 12;

/** The same words for the same seed (and the same version of the words library). Loads that library: 0.1 s. */
export async function createWordPool(seed: number): Promise<WordPool> {
  const { faker } = await import('@faker-js/faker/locale/en');
  faker.seed(seed);
  const some = (make: () => string, count = WORDS_PER_KIND): string[] =>
    Array.from({ length: count }, () => toPlainText(make()));
  return {
    userNames: some(() => faker.internet.username().toLowerCase()),
    userAgents: some(() => faker.internet.userAgent()),
    phrases: some(() => faker.hacker.phrase()),
    products: some(() => faker.helpers.slugify(faker.commerce.productName()).toLowerCase()),
    hosts: some(
      () => `${faker.hacker.noun().replace(/\W+/g, '-')}-${faker.number.int(9)}`,
      HOST_COUNT,
    ),
  };
}

/** Neither quotes nor line breaks nor anything beyond ASCII: no format has to escape a word. */
function toPlainText(text: string): string {
  return text.replace(/["\\]|[^ -~]/g, '');
}
