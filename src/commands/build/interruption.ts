import { DhowError } from "../../errors.ts";

const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Says when the user wants an end: the first Ctrl-C ends the work in good order, the second at once. */
export interface Interruption extends Disposable {
  readonly signal: AbortSignal;
}

export function interruption(): Interruption {
  const controller = new AbortController();
  const handle = (signal: keyof typeof signals) => {
    forget();
    controller.abort(new DhowError("the build was interrupted", { kind: "unavailable", exitCode: signals[signal] }));
  };
  const names = Object.keys(signals) as (keyof typeof signals)[];
  const forget = () => {
    for (const name of names) process.off(name, handle);
  };
  for (const name of names) process.on(name, handle);
  return { signal: controller.signal, [Symbol.dispose]: forget };
}
