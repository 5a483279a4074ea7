import { DhowError } from "../../errors.ts";

/** A place in a Dockerfile. */
export interface Place {
  readonly fileName: string;
  readonly line: number;
}

/** What is wrong with a Dockerfile, with the place in front: `Containerfile:3: unknown instruction: RUNN`. */
export function failAt({ fileName, line }: Place, message: string, hint?: string): DhowError {
  return new DhowError(`${fileName}:${line}: ${message}`, {
    kind: "invalid-argument",
    ...(hint === undefined ? {} : { hint }),
  });
}
