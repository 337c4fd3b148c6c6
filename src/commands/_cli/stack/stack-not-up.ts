import { AtbdError } from '../../../engine/model/error.js';
import type { AtbdHome } from '../atbd-home.js';

/** A stack that was made here and is stopped: nothing is lost, and one command brings it back. */
export function stackNotUp(home: AtbdHome): AtbdError {
  return new AtbdError({
    code: 'STACK_NOT_RUNNING',
    message: `the local stack in ${home.root} is not up; its data is there`,
    hint: 'Start it: atbd up --local',
  });
}
