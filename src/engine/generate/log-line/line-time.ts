const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Lines of one second share its text: a Date for each would be a third of the work. */
function rememberSecond(format: (date: Date) => string): (timeMs: number) => string {
  let known = NaN;
  let text = '';
  return (timeMs) => {
    const second = Math.floor(timeMs / 1000);
    if (second !== known) {
      known = second;
      text = format(new Date(second * 1000));
    }
    return text;
  };
}

const two = (value: number): string => String(value).padStart(2, '0');
const clock = (date: Date): string => date.toISOString().slice(11, 19);

/** `10/Oct/2000:13:55:36 +0000`, as Apache and nginx write it. */
export const commonLogTime = rememberSecond(
  (date) =>
    `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()] ?? ''}/${date.getUTCFullYear()}:${clock(date)} +0000`,
);

/** `Oct  9 22:33:20`, as RFC 3164 has it: no year, the day padded by a blank. */
export const syslogTime = rememberSecond(
  (date) =>
    `${MONTHS[date.getUTCMonth()] ?? ''} ${String(date.getUTCDate()).padStart(2, ' ')} ${clock(date)}`,
);

const secondsText = rememberSecond((date) => date.toISOString().slice(0, 19));

/** RFC 3339 in UTC with milliseconds. */
export function rfc3339Time(timeMs: number): string {
  const ms = timeMs - Math.floor(timeMs / 1000) * 1000;
  return `${secondsText(timeMs)}.${String(ms).padStart(3, '0')}Z`;
}
