import { DhowError } from "../../errors.ts";

/** For each variable the runtime looks at all those before it: 100 000 of them would take it minutes. */
const mostVariables = 10_000;

/** @throws {DhowError} `invalid-argument` for an environment that no program could be given in time. */
export function checkEnvironment(env: readonly string[]): void {
  if (env.length <= mostVariables) return;
  throw new DhowError(
    `cannot run with an environment of ${env.length} variables: at most ${mostVariables} are possible`,
    {
      kind: "invalid-argument",
      hint: "take away those of the image with --unsetenv-all, and give what is needed with --env",
    },
  );
}
