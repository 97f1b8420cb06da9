/** A warning of too many listeners is a leak, or looks like one to hosts that embed us: it fails the run. */

export const listenerWarning = 'MaxListenersExceededWarning';

process.on('warning', (warning) => {
  // Thrown from here, it is an uncaught error, which no test can overlook.
  if (warning.name === listenerWarning) throw warning;
});
