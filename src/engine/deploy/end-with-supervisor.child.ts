/**
 * Preloaded into child processes (`node --import`): a part ends when its supervisor is gone, also
 * after SIGKILL, because then the channel between them closes. Ends as on SIGTERM, by force later.
 */
const GRACE_MS = 5_000;

if (process.channel) {
  process.once('disconnect', () => {
    setTimeout(() => process.exit(1), GRACE_MS).unref();
    process.kill(process.pid, 'SIGTERM');
  });
  // The channel alone does not keep a part alive that has finished.
  process.channel.unref();
}
