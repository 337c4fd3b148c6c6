import type { Hook } from '@oclif/core';
import { nearestName } from '../../engine/model/nearest-name.js';
import { AtbdError } from '../../engine/model/error.js';
import { errorAsJson, errorAsText } from './error-layout.js';

/** What oclif calls for a command that does not exist: our error layout, and the likely meaning. */
const commandNotFound: Hook.CommandNotFound = ({ id, config, argv = [] }) => {
  const given = id.replaceAll(':', ' ');
  const names = [...config.commandIDs, ...config.topics.map(({ name }) => name)];
  const near = nearestName(
    given,
    names.map((name) => name.replaceAll(':', ' ')),
  );
  const error = new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot find the command ${JSON.stringify(given)}`,
    hint: near === undefined ? 'List the commands: atbd --help' : `Did you mean: atbd ${near}`,
  });
  process.stderr.write(argv.includes('--json') ? errorAsJson(error) : errorAsText(error));
  process.exit(error.exitCode);
};

export default commandNotFound;
