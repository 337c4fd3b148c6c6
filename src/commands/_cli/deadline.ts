/**
 * A signal that is aborted after `afterMs`, or never where that is null. It holds a timer of its own, because
 * AbortSignal.timeout may be collected as garbage inside AbortSignal.any before it fires
 * (https://github.com/nodejs/node/issues/57736): a command would not end in time, or at all.
 */
export function startDeadline(
  afterMs: number | null,
): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const timer =
    afterMs === null
      ? undefined
      : setTimeout(() => {
          controller.abort(new DOMException('the time is over', 'TimeoutError'));
        }, afterMs);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      clearTimeout(timer);
    },
  };
}
