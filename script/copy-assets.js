// Copies what tsc leaves behind (SQL, YAML, what a report's page is made of) from src/ to dist/.
import { cp } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
await cp(at('src'), at('dist'), {
  recursive: true,
  filter: (source) => !/\.[^/]+$/.test(source) || /\.(sql|ya?ml|css|client\.js)$/.test(source),
});
