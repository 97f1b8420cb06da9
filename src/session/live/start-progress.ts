/** Looks whether a server that has not answered yet is at work, and tells each time it is. */

export interface StartProgressOptions {
  /** Without a sign of work for this time the chart gives up, in milliseconds. */
  readonly startTimeoutMs: number;
  /** Whether its processes did something since this was asked last. */
  readonly worked: () => boolean;
  readonly onProgress: () => void;
}

export interface StartProgress {
  /** The server wrote something on stderr, which is work, too. */
  wrote(): void;
  close(): void;
}

/** So often within `startTimeoutMs`: a sign must not come too late because this event loop was late. */
const looks = 8;

export function watchStartProgress({ startTimeoutMs, worked, onProgress }: StartProgressOptions): StartProgress {
  let hasWritten = false;
  const timer = setInterval(
    () => {
      // Asked in any case: it counts from the last time.
      const hasWorked = worked();
      if (hasWorked || hasWritten) onProgress();
      hasWritten = false;
    },
    Math.max(20, startTimeoutMs / looks),
  ).unref();
  return {
    wrote() {
      hasWritten = true;
    },
    close: () => clearInterval(timer),
  };
}
