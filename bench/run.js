// `npm run bench -- NAME [args]`: runs bench/NAME.js against dist/ (built first with `npm run build`).
import { existsSync, readdirSync } from 'node:fs';

const [name, ...args] = process.argv.slice(2);
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.js') && file !== 'run.js')
  .map((file) => file.slice(0, -'.js'.length));
if (!names.includes(name)) {
  console.error(`cannot find bench ${JSON.stringify(name)}: there are ${names.join(', ')}`);
  process.exit(2);
}
if (!existsSync(new URL('../dist/engine', import.meta.url))) {
  console.error('cannot find dist/: run `npm run build` first');
  process.exit(2);
}
const { default: bench } = await import(`./${name}.js`);
await bench(args);
