import * as Flags from '@oclif/core/flags';

/** The flag by which a file says what business numbers count. */
export const journeysFlag = {
  journeys: Flags.string({
    summary:
      "File that says what business numbers count; else the context's, else the built-in shop (see `atbd journeys show`).",
    env: 'ATBD_JOURNEYS',
    helpValue: 'FILE',
    helpGroup: 'GLOBAL',
  }),
};
