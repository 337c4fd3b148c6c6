/** Statuses that say that something failed: business words, OpenTelemetry's, and HTTP's own. In any case of letters; RE2 and JavaScript read it alike. */
export const FAILED_STATUS_PATTERN =
  '^(?:failed|failure|timeout|error|status_code_error|5[0-9][0-9])$';
