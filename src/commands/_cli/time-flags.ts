import * as Flags from '@oclif/core/flags';

const HELP_GROUP = 'TIME';

/** The flags by which a time range is chosen; `engine/time` reads them. */
export const timeFlags = {
  since: Flags.string({
    summary: 'Back from now (15m, 1h30m, 2d), or from a time on.',
    helpValue: 'TIME',
    helpGroup: HELP_GROUP,
  }),
  from: Flags.string({
    summary: 'First moment: RFC 3339, now-1h, today, a date or time of day in --tz, or an epoch.',
    helpValue: 'TIME',
    helpGroup: HELP_GROUP,
  }),
  to: Flags.string({
    summary: 'End, itself not included; as --from.',
    helpValue: 'TIME',
    helpGroup: HELP_GROUP,
  }),
};

/** The zone in which local times are read and shown. */
export const zoneFlag = {
  tz: Flags.string({
    summary: 'Time zone to read and show times in: UTC, local, +02:00 or a name.',
    env: 'ATBD_TZ',
    default: 'local',
    helpValue: 'ZONE',
    helpGroup: HELP_GROUP,
  }),
};
