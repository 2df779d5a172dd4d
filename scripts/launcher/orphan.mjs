// Ends a server whose `npm start` was ended.

/** How often the parent is looked at: a stop should feel immediate, and a look costs a system call. */
const lookEveryMs = 250;

/**
 * npm runs scripts through a shell that dies of SIGTERM without passing it on, which would leave the server running
 * without a parent. Started by npm, this process therefore takes the loss of its parent for the signal itself.
 */
export function endWithNpm() {
  if (process.env.npm_lifecycle_event === undefined || process.platform === 'win32') return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, lookEveryMs);
  timer.unref();
}
