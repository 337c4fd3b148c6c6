import { Flags } from '@oclif/core';

/** The files in which an answer can be written besides stdout. */
export const reportFlags = {
  html: Flags.string({
    summary: 'Write a page with charts, all in one file, that opens without a network.',
    helpValue: 'FILE',
  }),
  junit: Flags.string({ summary: 'Write JUnit XML for a CI.', helpValue: 'FILE' }),
};
