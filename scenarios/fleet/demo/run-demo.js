import { seconds } from './screen.js';
import { Stage } from './stage.js';

/**
 * Plays a demo on a stage of its own, from the title to the end: then everything is taken down, or, when the demo went well and is to be
 * kept, left running. `tell(stage, signal)` is the demo; `ideas` are lines about what to try next, `goOn(stage)` the shell's lines for one
 * that is kept. Sets the process's exit code: 0, 1 when something failed, 130 when it was interrupted.
 */
export async function runDemo({ screen, title, isKept, tell, ideas, goOn }) {
  const began = performance.now();
  const { signal } = interruptible();
  screen.title(title);
  const stage = await Stage.open(screen);
  await tryTo(screen, signal, () => tell(stage, signal));
  await tryTo(screen, signal, async () => {
    const isGood = !process.exitCode;
    if (isKept && isGood) {
      await stage.keep();
      screen.step('Going on by hand', 'The stack still runs. In a shell, in this folder:');
      screen.say();
      for (const line of goOn(stage)) screen.say(`  ${line}`);
    } else {
      if (isGood) screen.step('Going on by hand', ...ideas);
      await stage.takeDown();
    }
  });
  const took = seconds(performance.now() - began);
  if (process.exitCode) screen.fail(`ended after ${took}`);
  else screen.done(`all done after ${took}`);
}

function interruptible() {
  const interrupt = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(name, () => interrupt.abort(new Error(`stopped by ${name}`)));
  return interrupt;
}

async function tryTo(screen, signal, work) {
  try {
    await work();
  } catch (error) {
    process.exitCode ||= signal.aborted ? 130 : 1;
    screen.fail(signal.aborted ? signal.reason.message : error.message);
  }
}
