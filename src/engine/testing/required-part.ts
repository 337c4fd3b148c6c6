/**
 * Whether tests that need this part may run. Without it they are skipped with a line that says so;
 * with ATBD_TEST_REQUIRE=all (CI) or naming the part, its absence fails the file instead.
 *
 * ```ts
 * describe.runIf(hasPart('kafka', existsSync(kafkaJars), 'run .ci/install'))('KafkaQueue', ...)
 * ```
 */
export function hasPart(name: string, isAvailable: boolean, howToGet: string): boolean {
  if (isAvailable) return true;
  const required = (process.env['ATBD_TEST_REQUIRE'] ?? '').split(',');
  if (required.includes('all') || required.includes(name)) {
    throw new Error(`${name} is required (ATBD_TEST_REQUIRE) and absent: ${howToGet}`);
  }
  process.stderr.write(`skipped: ${name} is absent; ${howToGet}\n`);
  return false;
}
