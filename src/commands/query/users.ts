import { readUsers } from '../../store/presence/read-users.js';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { answerQuestion } from './_question/answer-question.js';
import { everyFlag, intervalQuestionFlags } from './_question/question-flags.js';

export default class QueryUsers extends AtbdCommand {
  static override summary = 'Show how many users are there at the same time, viewing and buying.';
  static override description = `Every event with a session_id or a user_id is a sign of life of a user; --service, --where and the like choose which events are. A pause of 30 minutes begins a new session, under the same session_id too. A user is there from the first sign of a session until 30 seconds after the last one, pauses included; he is buying while a session of his has a reserve or a buy in it, else viewing. A file of journeys can say all this otherwise (--journeys).

For each interval: the most users at the same time, the first moment with so many, and how many different users and sessions there were.

"now" is the moment up to which events have come in. Who is in a pause then is not counted yet, so it is provisional. So is an interval that can still change: somebody comes back from a pause, begins to buy, or an event is up to 2 minutes late.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --since 1d --every 1h',
    '<%= config.bin %> <%= command.id %> --since 3h -o chart --measure buying',
  ];
  static override flags = { ...intervalQuestionFlags, ...everyFlag };
  static override enableJsonFlag = true;

  async run(): Promise<void> {
    const { flags } = await this.parse(QueryUsers);
    await answerQuestion(flags, {
      signal: this.signal,
      defaultSince: '1h',
      chartEvery: '1m',
      ask: ({ store, journeys, range, buckets, filter, nowMs, signal }) =>
        readUsers(
          store,
          { range, buckets, filter, sessions: journeys.spec.sessions, nowMs },
          { signal },
        ),
    });
  }
}
