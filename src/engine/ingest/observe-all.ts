import type { IngestObserver } from './partition-ingest.js';

/** Tells all of them, in their order. */
export function observeAll(observers: readonly IngestObserver[]): IngestObserver {
  return {
    onStep(step, chunk) {
      for (const observer of observers) observer.onStep(step, chunk);
    },
    onRetry(error, attempt) {
      for (const observer of observers) observer.onRetry(error, attempt);
    },
    onResent(chunk) {
      for (const observer of observers) observer.onResent(chunk);
    },
    onSkipped(at) {
      for (const observer of observers) observer.onSkipped(at);
    },
    onAlarm(alarm) {
      for (const observer of observers) observer.onAlarm(alarm);
    },
    onActivity(at, activity) {
      for (const observer of observers) observer.onActivity(at, activity);
    },
  };
}

/** An observer of what it names, deaf to the rest. */
export function observerOf(heard: Partial<IngestObserver>): IngestObserver {
  const ignore = (): void => undefined;
  return {
    onStep: ignore,
    onRetry: ignore,
    onResent: ignore,
    onSkipped: ignore,
    onAlarm: ignore,
    onActivity: ignore,
    ...heard,
  };
}
