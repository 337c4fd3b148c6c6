import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

const pages = [
  'README.md',
  ...readdirSync(`${ROOT}docs`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];

/** Folders and files that a page names in full. */
const PATH = /`((?:src|scenarios|bench|script|bin|docs)\/[\w./-]+)`/gu;

describe.each(pages)('%s', (page) => {
  it('names files and folders that there are', () => {
    const text = readFileSync(`${ROOT}${page}`, 'utf8');
    const named = Array.from(text.matchAll(PATH), ([, path]) => path ?? '');
    expect(named.filter((path) => !existsSync(`${ROOT}${path}`))).toEqual([]);
  });
});
