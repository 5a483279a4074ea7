import { DhowError } from "../../errors.ts";

/** What becomes of a mode. */
export type ChangeMode = (mode: number, isDirectory: boolean) => number;

const bits = { u: 0o700, g: 0o070, o: 0o007 } as const;
const clause = /^([ugoa]*)((?:[-+=][rwxXstugo]*)+)$/;

/**
 * Reads the value of --chmod: octal digits, or clauses as `u=rwX,go=rX` and `+x`, as chmod(1) has them without a umask.
 * @throws {DhowError} `invalid-argument`.
 */
export function parseMode(text: string): ChangeMode {
  if (/^[0-7]{1,5}$/.test(text)) {
    const mode = Number.parseInt(text, 8);
    if (mode <= 0o7777) return () => mode;
  }
  const clauses = text.split(",").map((part) => {
    const [, who = "", actions = ""] = clause.exec(part) ?? throwInvalid(text);
    return { who: who === "" ? "a" : who, actions: actions.match(/[-+=][^-+=]*/g) ?? [] };
  });
  return (mode, isDirectory) => {
    let result = mode & 0o7777;
    for (const { who, actions } of clauses)
      for (const action of actions) result = applyAction(result, { who, action, isDirectory });
    return result;
  };
}

function throwInvalid(text: string): never {
  throw new DhowError(`invalid chmod parameter: '${text}'`, {
    kind: "invalid-argument",
    hint: "write octal digits as 755, or clauses as u=rwX,go=rX",
  });
}

function applyAction(
  mode: number,
  { who, action, isDirectory }: { readonly who: string; readonly action: string; readonly isDirectory: boolean },
): number {
  const classes: readonly ("u" | "g" | "o")[] = who.includes("a") ? ["u", "g", "o"] : ([...who] as ("u" | "g" | "o")[]);
  const mask = classes.reduce((sum, name) => sum | bits[name], 0);
  const permissions = permissionsOf(action.slice(1), mode, isDirectory);
  const special = specialOf(action.slice(1), classes);
  const wanted = (permissions & mask) | special;
  switch (action[0]) {
    case "+":
      return mode | wanted;
    case "-":
      return mode & ~wanted;
    default:
      return (mode & ~(mask | specialOf("s", classes))) | wanted;
  }
}

/** The letters' bits, for all three classes alike. */
function permissionsOf(letters: string, mode: number, isDirectory: boolean): number {
  const spread = (three: number) => (three << 6) | (three << 3) | three;
  const values: Readonly<Record<string, number>> = {
    r: spread(4),
    w: spread(2),
    x: spread(1),
    X: isDirectory || (mode & 0o111) !== 0 ? spread(1) : 0,
    u: spread((mode >> 6) & 7),
    g: spread((mode >> 3) & 7),
    o: spread(mode & 7),
  };
  return [...letters].reduce((sum, letter) => sum | (values[letter] ?? 0), 0);
}

function specialOf(letters: string, classes: readonly string[]): number {
  const setId = (classes.includes("u") ? 0o4000 : 0) | (classes.includes("g") ? 0o2000 : 0);
  return (letters.includes("s") ? setId : 0) | (letters.includes("t") ? 0o1000 : 0);
}
