/** What is done with an error nobody threw on purpose, where throwing on would hurt someone who did nothing wrong. */

export type OnBug = (error: unknown) => void;

export function tellBug(onBug: OnBug | undefined, error: unknown): void {
  try {
    onBug?.(error);
  } catch {
    // Whoever is told of bugs has one too: there is nobody left to tell, and the work at hand goes on.
  }
}
